"""Writes the epochs on the y axis and the accuracy on the x axis."""
# base: plain.py
# caught by: plot_history/axis-labels

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, values["accuracy"], label="training")
    ax.plot(epochs, values["val_accuracy"], label="validation")
    ax.set_xlabel("Accuracy")
    ax.set_ylabel("Epoch")
    ax.legend()
    return fig
