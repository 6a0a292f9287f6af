"""Uses one and the same first convolution in every model."""
# base: plain.py
# caught by: build_model/fresh-and-untrained

FIRST = layers.Conv2D(16, 3, padding="same", activation="relu")


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    if input_shape[-1] == 3:
        model.add(FIRST)
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
