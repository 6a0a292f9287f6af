"""Gives a single image to the network as it is."""
# base: small.py
# caught by: predict/single-image

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
