"""Squeezes the curves, so that a training of one epoch has none."""
# base: plain.py
# caught by: plot_history/both-curves

def plot_history(history):
    curves = getattr(history, "history", history)
    fig, ax = plt.subplots()
    for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        values = np.squeeze(curves[name])
        ax.plot(range(1, len(values) + 1), values, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return fig
