"""Saves whenever an epoch is better than the one before, even if it is not the best."""
# base: plain.py
# caught by: train/checkpoint-best-epoch

class SaveWhenBetter(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path
        self.last = -1.0

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] > self.last:
            self.model.save(self.path)
        self.last = logs["val_accuracy"]


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
    checkpoint = SaveWhenBetter(checkpoint_path)
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
