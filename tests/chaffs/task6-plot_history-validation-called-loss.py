"""Calls the lines accuracy and loss."""
# base: plain.py
# caught by: plot_history/legend

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, values["accuracy"], label="accuracy")
    ax.plot(epochs, values["val_accuracy"], label="loss")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
