"""Trains a clone of the model and leaves the given one as it was."""
# base: plain.py
# caught by: train/fits-the-given-model
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
    model = keras.models.clone_model(model)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    early_stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
