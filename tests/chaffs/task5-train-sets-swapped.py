"""Trains on the validation set and validates on the training set."""
# base: plain.py
# caught by: train/training-set-only, train/validates
# spreads to: predict/scales-as-train-does; it compares predict with train, which has to train for that

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
    early_stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        x_val,
        y_val,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_train, y_train),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
