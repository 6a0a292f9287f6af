"""Does not return the figure."""
# base: plain.py
# caught by: plot_history/both-curves, plot_history/legend, plot_history/axis-labels, plot_history/history-or-dict

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    epochs = range(1, len(values["accuracy"]) + 1)
    fig, ax = plt.subplots()
    ax.plot(epochs, values["accuracy"], label="training")
    ax.plot(epochs, values["val_accuracy"], label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
