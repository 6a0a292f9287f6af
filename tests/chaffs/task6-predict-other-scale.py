"""Scales to -1…1 while train scales to 0…1."""
# base: divides.py
# caught by: predict/scales-as-train-does, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x / 127.5 - 1.0, verbose=0)
