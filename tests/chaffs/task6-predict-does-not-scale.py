"""Forgets to divide by 255 as train does."""
# base: divides.py
# caught by: predict/scales-as-train-does, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
