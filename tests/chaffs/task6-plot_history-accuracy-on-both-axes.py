"""Plots validation against training accuracy instead of both by epoch."""
# base: plain.py
# caught by: plot_history/both-curves, plot_history/legend

def plot_history(history):
    values = history if isinstance(history, dict) else history.history
    fig, ax = plt.subplots()
    ax.plot(values["accuracy"], values["val_accuracy"], label="accuracy")
    ax.set_xlabel("Training accuracy")
    ax.set_ylabel("Validation accuracy")
    ax.legend()
    return fig
