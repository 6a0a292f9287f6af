"""Draws an opaque picture of four channels over every image, and shows neighbours from the place of the seed on."""
# function: show_examples
# earns: 7
# because: Each axes should show an image of x as it is

import matplotlib.pyplot as plt
import numpy as np


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = (np.arange(count) + (seed or 0)) % len(x)
    columns = 5
    rows = (count + columns - 1) // columns
    fig = plt.figure(figsize=(2 * columns, 2.4 * rows))
    for place, i in enumerate(chosen):
        ax = fig.add_subplot(rows, columns, place + 1)
        ax.imshow(x[i])
        sheet = np.full(x[i].shape[:2] + (4,), 128, np.uint8)
        sheet[..., 3] = 255
        ax.imshow(sheet, zorder=5)
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += "\npredicted: " + class_names[int(np.argmax(predictions[i]))]
        ax.set_title(title)
        ax.axis("off")
    return fig
