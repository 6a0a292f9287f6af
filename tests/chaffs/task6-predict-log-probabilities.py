"""Returns the logarithms of the probabilities."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.log(model.predict(x, verbose=0) + 1e-9)
