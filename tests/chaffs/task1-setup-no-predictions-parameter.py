"""show_examples has no parameter predictions."""
# base: plain.py
# caught by: setup/functions-and-parameters, show_examples/titles-name-the-prediction
# spreads to: *; what cannot be called cannot be tested

def show_examples(x, y, class_names, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    fig, axes = plt.subplots(1, count, squeeze=False)
    for ax, i in zip(axes[0], chosen):
        ax.imshow(x[i])
        ax.set_title(class_names[int(np.argmax(y[i]))])
    return fig
