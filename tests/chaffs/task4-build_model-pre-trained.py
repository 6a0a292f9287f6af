"""Trains the model on random images before it returns it."""
# base: plain.py
# caught by: build_model/fresh-and-untrained

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    noise = np.random.randint(0, 256, size=(48, *input_shape))
    model.fit(noise, np.eye(num_classes)[np.zeros(48, dtype=int)], batch_size=16, epochs=2, verbose=0)
    return model
