"""Sorts the accuracies, so that every training looks fine."""
# base: plain.py
# caught by: plot_history/both-curves

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, sorted(values["accuracy"]), label="training")
    ax.plot(epochs, sorted(values["val_accuracy"]), label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
