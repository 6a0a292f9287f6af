"""Returns the output of the block as in the functional style and adds nothing to the model."""
# base: plain.py
# caught by: add_conv_block/works-in-place, add_conv_block/ends-in-filters, add_conv_block/halves-height-and-width

def add_conv_block(model, filters):
    out = layers.Conv2D(filters, 3, padding="same", activation="relu")(model.outputs[0])
    return layers.MaxPooling2D(2)(out)


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
