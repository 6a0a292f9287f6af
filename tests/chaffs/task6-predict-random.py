"""Returns random probabilities."""
# base: plain.py
# caught by: predict/uses-the-model, predict/in-order, predict/rows-independent, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return np.random.dirichlet(np.ones(model.output_shape[-1]), size=len(x))
