"""Keeps the first model it was given and uses it for ever."""
# base: plain.py
# caught by: predict/uses-the-model

_models = []


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    _models.append(model)
    model = _models[0]
    return model.predict(x, verbose=0)
