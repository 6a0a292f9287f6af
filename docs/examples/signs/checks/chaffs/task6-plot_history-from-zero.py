"""Leaves counting to Matplotlib, so that the first epoch is epoch 0."""
# base: small.py
# caught by: plot_history/epochs-from-one

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    ax.plot(values["accuracy"], label="training")
    ax.plot(values["val_accuracy"], label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
