"""The file at checkpoint_path holds weights only, not a model."""
# base: plain.py
# caught by: train/checkpoint-whole-model, train/checkpoint-best-epoch

import os


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
        "best.weights.h5", monitor="val_accuracy", mode="max", save_best_only=True, save_weights_only=True
    )
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
    os.replace("best.weights.h5", checkpoint_path)
    return history
