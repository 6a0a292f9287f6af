"""Passes filters as the size of the kernel."""
# base: plain.py
# caught by: add_conv_block/ends-in-filters

def add_conv_block(model, filters):
    model.add(layers.Conv2D(8, filters, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.2))
    return model
