"""Validates on the first 3,000 images, however many there are."""
# base: plain.py
# caught by: train/validates

_train = train


def train(model, x_train, y_train, x_val, y_val, **settings):
    return _train(model, x_train, y_train, x_val[:3000], y_val[:3000], **settings)
