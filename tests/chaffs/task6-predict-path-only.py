"""Crashes when it gets a model instead of a path."""
# base: plain.py
# caught by: predict/uses-the-model, predict/probabilities, predict/in-order, predict/rows-independent

def predict(model, x):
    model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
