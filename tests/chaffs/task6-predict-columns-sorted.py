"""Sorts each row, so the columns lose their meaning."""
# base: plain.py
# caught by: predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.sort(model.predict(x, verbose=0), axis=1)
