"""Returns the rows sorted by confidence."""
# base: plain.py
# caught by: predict/in-order, predict/rows-independent, predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    probabilities = model.predict(x, verbose=0)
    return probabilities[np.argsort(-probabilities.max(axis=1))]
