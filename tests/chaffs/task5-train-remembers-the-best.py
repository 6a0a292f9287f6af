"""Keeps the best val_accuracy in a global, so that a second training saves nothing."""
# base: plain.py
# caught by: train/checkpoint-best-epoch

best_so_far = 0.0


class Keep(keras.callbacks.Callback):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        global best_so_far
        if logs["val_accuracy"] > best_so_far:
            best_so_far = logs["val_accuracy"]
            self.model.save(self.path)


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
    checkpoint = Keep(checkpoint_path)
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[early_stopping, checkpoint, *callbacks],
        verbose=0,
    )
