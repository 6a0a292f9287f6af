"""Returns classes as rows and images as columns."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model, predict/in-order

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0).T
