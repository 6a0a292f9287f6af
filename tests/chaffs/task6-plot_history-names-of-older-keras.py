"""Looks for acc and val_acc, as accuracy was called in older Keras."""
# base: plain.py
# caught by: plot_history/both-curves


def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    ax.plot(values["acc"], label="training")
    ax.plot(values["val_acc"], label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
