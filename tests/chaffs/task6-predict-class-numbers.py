"""Returns class numbers instead of probabilities."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.argmax(model.predict(x, verbose=0), axis=1)
