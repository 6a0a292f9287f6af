"""Keeps the hidden layers in a mutable default, so all models share their weights."""
# base: plain.py
# caught by: build_model/fresh-and-untrained

def build_model(input_shape=(32, 32, 3), num_classes=3, hidden=[]):
    if not hidden:
        for filters in (16, 32, 64):
            hidden.append(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            hidden.append(layers.MaxPooling2D(2))
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for layer in hidden:
        model.add(layer)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
