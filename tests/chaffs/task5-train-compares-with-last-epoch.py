"""The hand-written early stopping compares with the epoch before instead of the best."""
# base: plain.py
# caught by: train/early-stopping

class StopWhenStuck(keras.callbacks.Callback):
    def __init__(self, patience):
        super().__init__()
        self.patience = patience
        self.wait = 0
        self.best = -1.0

    def on_epoch_end(self, epoch, logs=None):
        now = logs["val_accuracy"]
        if now > self.best:
            self.wait = 0
        else:
            self.wait += 1
        self.best = now
        if self.wait >= self.patience:
            self.model.stop_training = True


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
    early_stopping = StopWhenStuck(patience)
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
