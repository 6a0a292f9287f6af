"""Is a functional Model, not a Sequential."""
# base: plain.py
# caught by: build_model/sequential-and-convolutional

def build_model(input_shape=(32, 32, 3), num_classes=3):
    inputs = keras.Input(shape=input_shape)
    hidden = layers.Rescaling(1 / 255)(inputs)
    for filters in (16, 32, 64):
        hidden = layers.Conv2D(filters, 3, padding="same", activation="relu")(hidden)
        hidden = layers.MaxPooling2D(2)(hidden)
    hidden = layers.Flatten()(hidden)
    outputs = layers.Dense(num_classes, activation="softmax")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
