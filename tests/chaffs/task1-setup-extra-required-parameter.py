"""predict wants a third argument that the contract does not know."""
# base: plain.py
# caught by: setup/functions-and-parameters, predict/probabilities
# spreads to: *; what cannot be called cannot be tested

def predict(model, x, batch_size):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, batch_size=batch_size, verbose=0)
