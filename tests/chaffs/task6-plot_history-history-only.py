"""Crashes on a dictionary."""
# base: plain.py
# caught by: plot_history/history-or-dict

def plot_history(history):
    values = history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, values["accuracy"], label="training")
    ax.plot(epochs, values["val_accuracy"], label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return fig
