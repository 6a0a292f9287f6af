"""Takes the softmax of a softmax, so no probability can be near 1."""
# base: plain.py
# caught by: build_model/softmax-probabilities

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.add(layers.Softmax())
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
