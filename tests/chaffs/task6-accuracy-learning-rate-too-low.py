"""Learns with a rate of 1e-8, so the network stays at chance."""
# base: plain.py
# caught by: accuracy/unseen-images

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(1e-8), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
