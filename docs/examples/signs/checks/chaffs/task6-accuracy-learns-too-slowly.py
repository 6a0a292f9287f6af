"""Takes steps so small that hardly anything is learnt."""
# base: small.py
# caught by: accuracy/unseen-images

def build_model(input_shape=(28, 28, 1), num_classes=4):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32):
        add_conv_block(model, filters)
    model.add(layers.Conv2D(64, 3, padding="same", activation="relu"))
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.SGD(1e-6), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
