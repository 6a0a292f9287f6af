"""Its own loop over epochs never stops early."""
# base: plain.py
# caught by: train/early-stopping

def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    curves, best = {}, -1.0
    for epoch in range(epochs):
        history = model.fit(x_train, y_train, batch_size=batch_size, epochs=1, validation_data=(x_val, y_val),
                            callbacks=list(callbacks), verbose=0)
        for name, values in history.history.items():
            curves.setdefault(name, []).extend(values)
        if curves["val_accuracy"][-1] > best:
            best = curves["val_accuracy"][-1]
            model.save(checkpoint_path)
    history.history = curves
    return history
