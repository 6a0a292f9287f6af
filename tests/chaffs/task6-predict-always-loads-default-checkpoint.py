"""Always loads best_model.keras, whatever it is given."""
# base: plain.py
# caught by: predict/uses-the-model, predict/probabilities, predict/in-order, predict/checkpoint-path, predict/rows-independent, accuracy/unseen-images

def predict(model, x):
    model = keras.models.load_model("best_model.keras")
    return model.predict(x, verbose=0)
