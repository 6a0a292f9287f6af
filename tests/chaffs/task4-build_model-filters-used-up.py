"""Takes the numbers of filters out of a default list, so the second model has no convolutions."""
# base: plain.py
# caught by: build_model/fresh-and-untrained

def build_model(input_shape=(32, 32, 3), num_classes=3, filters=[16, 32, 64]):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    while filters:
        add_conv_block(model, filters.pop(0))
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
