"""Uses Dense layers where convolutions belong."""
# base: plain.py
# caught by: add_conv_block/ends-in-filters, build_model/sequential-and-convolutional

def add_conv_block(model, filters):
    model.add(layers.Dense(filters, activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(filters, activation="relu"))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.2))
    return model
