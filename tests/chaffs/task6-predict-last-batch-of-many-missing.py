"""Predicts up to 256 images at once, and of more only the whole batches."""
# base: plain.py
# caught by: predict/probabilities

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    if len(x) <= 256:
        return model.predict(x, verbose=0)
    ends = range(256, len(x) + 1, 256)
    return np.concatenate([model.predict(x[end - 256 : end], verbose=0) for end in ends])
