"""Gives the layers fixed names, so that a second block cannot be added."""
# base: plain.py
# caught by: add_conv_block/works-in-place, add_conv_block/ends-in-filters

def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", name="conv"))
    model.add(layers.BatchNormalization())
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu", name="conv"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.2))
    return model
