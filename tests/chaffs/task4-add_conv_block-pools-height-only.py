"""Pools over the height alone."""
# base: plain.py
# caught by: add_conv_block/halves-height-and-width

def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D((2, 1)))
    model.add(layers.Dropout(0.2))
    return model
