"""Starts the convolutions at zero, so that they never learn."""
# base: plain.py
# caught by: build_model/learns

def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="zeros"))
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="zeros"))
    model.add(layers.MaxPooling2D(2))
    return model
