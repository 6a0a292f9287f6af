"""Crashes when a single image is to be shown."""
# base: plain.py
# caught by: show_examples/one-axes-per-image

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    fig, axes = plt.subplots(1, count, figsize=(2 * count, 2.4))
    for place, i in enumerate(chosen):
        axes[place].imshow(x[i])
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += " / predicted: " + class_names[int(np.argmax(predictions[i]))]
        axes[place].set_title(title)
    return fig
