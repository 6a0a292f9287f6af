"""Trains epoch by epoch and returns the History of the last call alone."""
# base: plain.py
# caught by: train/returns-history, train/epochs-and-batch-size

def train(
    model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3, checkpoint_path="best_model.keras", callbacks=()
):
    best, wait = -1.0, 0
    for epoch in range(epochs):
        history = model.fit(
            x_train,
            y_train,
            epochs=epoch + 1,
            initial_epoch=epoch,
            batch_size=batch_size,
            validation_data=(x_val, y_val),
            callbacks=list(callbacks),
            verbose=0,
        )
        now = history.history["val_accuracy"][0]
        wait = 0 if now > best else wait + 1
        if now > best:
            best = now
            model.save(checkpoint_path)
        if wait >= patience:
            break
    return history
