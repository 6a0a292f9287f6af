"""Predicts the first image and repeats the answer."""
# base: plain.py
# caught by: predict/uses-the-model, predict/in-order, predict/rows-independent, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.repeat(model.predict(x[:1], verbose=0), len(x), axis=0)
