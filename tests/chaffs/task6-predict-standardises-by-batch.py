"""Subtracts the mean of the images it gets, so each row depends on the others."""
# base: divides.py
# caught by: predict/rows-independent

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
        (x_train - x_train.mean()) / x_train.std(),
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=((x_val - x_val.mean()) / x_val.std(), y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict((x - x.mean()) / x.std(), verbose=0)
