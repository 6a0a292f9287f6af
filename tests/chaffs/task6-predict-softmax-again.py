"""Applies another softmax to the probabilities."""
# base: plain.py
# caught by: predict/uses-the-model

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return keras.ops.convert_to_numpy(keras.ops.softmax(model.predict(x, verbose=0)))
