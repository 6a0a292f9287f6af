"""Crashes when it gets the path of a checkpoint."""
# base: plain.py
# caught by: predict/checkpoint-path

def predict(model, x):
    return model.predict(x, verbose=0)
