"""Returns hard decisions, one 1 in each row."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    probabilities = model.predict(x, verbose=0)
    return np.eye(probabilities.shape[1])[np.argmax(probabilities, axis=1)]
