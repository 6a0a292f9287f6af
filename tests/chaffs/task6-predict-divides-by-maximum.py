"""Divides by the brightest pixel of the images it gets."""
# base: divides.py
# caught by: predict/rows-independent

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x / x.max(), verbose=0)
