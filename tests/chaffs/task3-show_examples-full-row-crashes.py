"""Counts the places in the grid from 2, so that a full last row has none left for the last image."""
# base: plain.py
# caught by: show_examples/one-axes-per-image

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    rows = (count + 4) // 5
    fig = plt.figure(figsize=(10, 2.4 * rows))
    for place, i in enumerate(chosen, start=2):
        ax = fig.add_subplot(rows, 5, place)
        ax.imshow(x[i])
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += "\npredicted: " + class_names[int(np.argmax(predictions[i]))]
        ax.set_title(title)
        ax.axis("off")
    return fig
