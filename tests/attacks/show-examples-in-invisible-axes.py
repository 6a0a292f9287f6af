"""Draws every image and every title into an axes that cannot be seen."""
# function: show_examples
# earns: none
# because: it has 0

import matplotlib.pyplot as plt
import numpy as np


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    columns = 5
    rows = (count + columns - 1) // columns
    fig = plt.figure(figsize=(2 * columns, 2.4 * rows))
    for place, i in enumerate(chosen):
        ax = fig.add_subplot(rows, columns, place + 1)
        ax.imshow(x[i])
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += "\npredicted: " + class_names[int(np.argmax(predictions[i]))]
        ax.set_title(title)
        ax.axis("off")
        ax.set_visible(False)
    return fig
