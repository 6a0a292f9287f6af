"""Takes labels as numbers and makes them one-hot, though they are already."""
# base: plain.py
# caught by: train/training-set-only

_train = train


def train(model, x_train, y_train, x_val, y_val, **settings):
    y_train, y_val = (keras.utils.to_categorical(y, model.output_shape[-1]) for y in (y_train, y_val))
    return _train(model, x_train, y_train, x_val, y_val, **settings)
