"""Predicts the first 32 images alone."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model, predict/in-order

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict_on_batch(x[:32])
