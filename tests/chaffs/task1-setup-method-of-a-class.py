"""plot_history is a method of a class, so nobody can call it as a function."""
# base: plain.py
# caught by: setup/functions-and-parameters
# spreads to: *; what cannot be called cannot be tested
# remove: plot_history

class Plotter:
    def plot_history(self, history):
        values = history if isinstance(history, dict) else history.history
        epochs = range(1, len(values["accuracy"]) + 1)
        fig, ax = plt.subplots()
        ax.plot(epochs, values["accuracy"], label="training")
        ax.plot(epochs, values["val_accuracy"], label="validation")
        ax.set_xlabel("Epoch")
        ax.set_ylabel("Accuracy")
        ax.legend()
        return fig
