"""Returns the rows from last to first."""
# base: plain.py
# caught by: predict/in-order, predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)[::-1]
