"""Lets the picture of a right figure be something else: of another type, too large, or empty."""
# function: show_examples
# earns: all

from matplotlib.backends.backend_agg import FigureCanvasAgg

_show_examples = show_examples
_ANSWERS = [np.zeros((0, 5, 4), "uint8"), np.zeros((5000, 5000, 4), "uint8"), np.full((9, 9, 4), np.nan), "<svg/>"]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    FigureCanvasAgg.buffer_rgba = lambda canvas: _ANSWERS[count % len(_ANSWERS)]
    return _show_examples(x, y, class_names, predictions, count, seed)
