"""Trains a network as soon as the file is loaded."""
# base: plain.py
# caught by: setup/trains-nothing

x_first = np.random.randint(0, 256, size=(64, 32, 32, 3)).astype("uint8")
y_first = keras.utils.to_categorical(np.arange(64) % 3, 3)
first_model = build_model()
first_model.fit(x_first, y_first, epochs=1, batch_size=32, verbose=0)
