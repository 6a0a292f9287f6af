"""Divides by the sum of the column, not of the row."""
# base: plain.py
# caught by: predict/probabilities, predict/rows-independent, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    probabilities = model.predict(x, verbose=0)
    return probabilities / probabilities.sum(axis=0)
