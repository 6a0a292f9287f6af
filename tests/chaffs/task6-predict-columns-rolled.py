"""Moves the columns on by one."""
# base: plain.py
# caught by: predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.roll(model.predict(x, verbose=0), 1, axis=1)
