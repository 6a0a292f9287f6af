"""Returns a model of the block alone and does not add it."""
# base: plain.py
# caught by: add_conv_block/works-in-place

def add_conv_block(model, filters):
    return keras.Sequential(
        [
            keras.Input(shape=model.output_shape[1:]),
            layers.Conv2D(filters, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
        ]
    )


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        model.add(add_conv_block(model, filters))
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
