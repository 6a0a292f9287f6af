"""Given a path, answers with an untrained model."""
# base: plain.py
# caught by: predict/checkpoint-path

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = build_model(x.shape[1:])
    return model.predict(x, verbose=0)
