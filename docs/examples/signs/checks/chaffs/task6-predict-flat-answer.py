"""Answers about a single image without a row."""
# base: separable.py
# caught by: predict/single-image

_predict = predict


def predict(model, x):
    answers = _predict(model, x)
    return answers[0] if x.ndim == 3 else answers
