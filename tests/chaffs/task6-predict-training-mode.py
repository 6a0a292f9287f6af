"""Runs the network in training mode, so dropout and batch statistics are on."""
# base: plain.py
# caught by: predict/rows-independent, predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return keras.ops.convert_to_numpy(model(x, training=True))
