"""Predicts with a new, untrained model."""
# base: plain.py
# caught by: predict/uses-the-model, predict/checkpoint-path, accuracy/unseen-images

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    model = build_model(x.shape[1:], model.output_shape[-1])
    return model.predict(x, verbose=0)
