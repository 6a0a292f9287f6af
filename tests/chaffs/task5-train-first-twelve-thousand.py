"""Trains on the first 12,000 images, however many there are."""
# base: plain.py
# caught by: train/training-set-only

_train = train


def train(model, x_train, y_train, x_val, y_val, **settings):
    return _train(model, x_train[:12000], y_train[:12000], x_val, y_val, **settings)
