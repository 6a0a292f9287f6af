"""Returns the same probability for every class."""
# base: plain.py
# caught by: predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.ones_like(model.predict(x, verbose=0)) / model.output_shape[-1]
