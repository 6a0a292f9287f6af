"""Rounds the probabilities to 0 and 1."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.round(model.predict(x, verbose=0))
