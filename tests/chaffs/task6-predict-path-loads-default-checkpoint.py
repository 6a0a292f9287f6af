"""Given a path, loads best_model.keras instead."""
# base: plain.py
# caught by: predict/checkpoint-path

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model("best_model.keras")
    return model.predict(x, verbose=0)
