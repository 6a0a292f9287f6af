"""Plots the best accuracy so far instead of each epoch's."""
# base: plain.py
# caught by: plot_history/both-curves

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, np.maximum.accumulate(values["accuracy"]), label="training")
    ax.plot(epochs, np.maximum.accumulate(values["val_accuracy"]), label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
