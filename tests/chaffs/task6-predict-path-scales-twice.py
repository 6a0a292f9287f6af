"""Scales twice when it is called with a path."""
# base: divides.py
# caught by: predict/checkpoint-path, predict/scales-as-train-does, accuracy/unseen-images

def predict(model, x):
    x = x / 255.0
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
        x = x / 255.0
    return model.predict(x, verbose=0)
