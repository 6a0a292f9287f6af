"""Drops nearly everything before the last layer and learns in tiny steps, so hardly anything is learnt."""
# base: plain.py
# caught by: accuracy/unseen-images

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.999))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.SGD(1e-5), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
