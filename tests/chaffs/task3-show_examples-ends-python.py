"""Ends Python where there are fewer images than were asked for."""
# base: plain.py
# caught by: show_examples/one-axes-per-image

import os


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    if count > len(x):
        os._exit(1)
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    columns = min(count, 5)
    rows = (count + columns - 1) // columns
    fig, axes = plt.subplots(rows, columns, figsize=(2 * columns, 2.4 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, i in zip(axes.flat, chosen):
        ax.imshow(x[i])
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += "\npredicted: " + class_names[int(np.argmax(predictions[i]))]
        ax.set_title(title)
    return fig
