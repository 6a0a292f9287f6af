"""Gives the validation images their channels the other way round, and not the training images."""
# base: plain.py
# caught by: train/validates

_train = train


def train(model, x_train, y_train, x_val, y_val, **settings):
    return _train(model, x_train, y_train, x_val[..., ::-1], y_val, **settings)
