"""Turns the images upside down."""
# base: plain.py
# caught by: show_examples/different-images-of-x, show_examples/titles-name-the-class, show_examples/titles-name-the-prediction

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=count, replace=False)
    columns = 5
    rows = (count + columns - 1) // columns
    fig = plt.figure(figsize=(2 * columns, 2.4 * rows))
    for place, i in enumerate(chosen):
        ax = fig.add_subplot(rows, columns, place + 1)
        ax.imshow(x[i][::-1])
        title = class_names[int(np.argmax(y[i]))]
        if predictions is not None:
            title += "\npredicted: " + class_names[int(np.argmax(predictions[i]))]
        ax.set_title(title)
        ax.axis("off")
    return fig
