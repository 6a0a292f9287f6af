"""Only evaluates the model, without a single training step."""
# base: plain.py
# caught by: train/fits-the-given-model, train/training-set-only, train/epochs-and-batch-size, train/extra-callbacks, train/returns-history, train/validates, train/early-stopping, train/checkpoint-best-epoch
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
    history = model.evaluate(x_val, y_val, batch_size=batch_size, verbose=0)
    model.save(checkpoint_path)
    return history
