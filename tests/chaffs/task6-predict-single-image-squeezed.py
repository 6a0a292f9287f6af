"""Returns a flat array when there is a single image."""
# base: plain.py
# caught by: predict/probabilities, predict/rows-independent, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.squeeze(model.predict(x, verbose=0))
