"""Has 256 channels in the last convolution, and so some 79,000 weights."""
# base: small.py
# caught by: build_model/few-weights

def build_model(input_shape=(28, 28, 1), num_classes=4):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32):
        add_conv_block(model, filters)
    model.add(layers.Conv2D(256, 3, padding="same", activation="relu"))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
