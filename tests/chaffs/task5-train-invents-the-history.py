"""Does not train and makes the History up."""
# base: plain.py
# caught by: train/fits-the-given-model, train/training-set-only, train/validates, train/epochs-and-batch-size, train/early-stopping, train/checkpoint-best-epoch, train/extra-callbacks
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
    history = keras.callbacks.History()
    history.set_model(model)
    steps = np.linspace(0.5, 0.9, epochs)
    history.epoch = list(range(epochs))
    history.history = {
        "accuracy": list(steps),
        "val_accuracy": list(steps - 0.05),
        "loss": list(1 - steps),
        "val_loss": list(1.05 - steps),
    }
    model.save(checkpoint_path)
    return history
