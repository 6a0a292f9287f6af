"""Shuffles the images first and returns the rows in that order."""
# base: plain.py
# caught by: predict/in-order, predict/uses-the-model, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(np.random.permutation(x), verbose=0)
