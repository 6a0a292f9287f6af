"""Loses the images after the last whole batch of 32."""
# base: plain.py
# caught by: predict/probabilities, predict/uses-the-model, predict/in-order

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    n = max(len(x) // 32, 1) * 32
    return model.predict(x[:n], verbose=0)
