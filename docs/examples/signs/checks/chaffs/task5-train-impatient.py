"""Waits 3 epochs by default."""
# base: small.py
# caught by: train/default-patience

_train = train


def train(
    model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
    checkpoint_path="best_model.keras", callbacks=(),
):
    return _train(
        model, x_train, y_train, x_val, y_val, epochs=epochs, batch_size=batch_size, patience=patience,
        checkpoint_path=checkpoint_path, callbacks=callbacks,
    )
