"""Divides by 255 although the network rescales already."""
# base: plain.py
# caught by: predict/scales-as-train-does, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x / 255.0, verbose=0)
