"""Divides by 255 twice, with integers in between, so every pixel but white is 0."""
# base: divides.py
# caught by: train/training-set-only, accuracy/unseen-images, predict/scales-as-train-does, train/validates

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
        x_train // 255,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val // 255, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
