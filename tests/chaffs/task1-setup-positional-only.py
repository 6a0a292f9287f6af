"""predict takes its arguments by position only, never by name."""
# base: plain.py
# caught by: setup/functions-and-parameters

def predict(model, x, /):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
