import tensorflow as tf
import numpy as np
import matplotlib.pyplot as plt

AUTOTUNE = tf.data.AUTOTUNE


def scale(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def flip(image, label):
    return tf.image.random_flip_left_right(image), label


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = y.reshape(-1)
    idx, cols = [], []
    for j, c in enumerate(classes):
        hits = np.argwhere(y == c)[:, 0]
        idx.append(hits)
        cols.append(np.repeat(j, len(hits)))
    idx, cols = np.hstack(idx), np.hstack(cols)
    perm = np.random.RandomState(seed).permutation(len(idx))
    one_hot = tf.one_hot(cols[perm], depth=len(classes)).numpy()
    return x[idx[perm]], one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    count = min(count, len(x))
    rng = np.random.RandomState(seed)
    sample = rng.choice(len(x), count, replace=False)
    cols = min(count, 5)
    rows = -(-count // cols)
    fig, axes = plt.subplots(rows, cols, figsize=(2 * cols, 2.3 * rows), squeeze=False)
    for a in axes.flat:
        a.set_axis_off()
    for a, s in zip(axes.flat, sample):
        a.imshow(x[s])
        text = class_names[tf.argmax(y[s]).numpy()]
        if predictions is not None:
            text = text + "\n" + "pred: " + class_names[tf.argmax(predictions[s]).numpy()]
        a.set_title(text, loc="left")
    return fig


def add_conv_block(model, filters):
    model.add(tf.keras.layers.Conv2D(filters, 5, strides=(2, 2), padding="same", activation="relu"))
    model.add(tf.keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = tf.keras.Sequential()
    model.add(tf.keras.Input(shape=input_shape))
    add_conv_block(model, 16)
    add_conv_block(model, 32)
    model.add(tf.keras.layers.MaxPooling2D())
    model.add(tf.keras.layers.Flatten())
    model.add(tf.keras.layers.Dropout(0.3))
    model.add(tf.keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=tf.keras.optimizers.Adam(), loss=tf.keras.losses.categorical_crossentropy,
                  metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train))
    train_ds = train_ds.shuffle(len(x_train)).map(scale, AUTOTUNE).map(flip, AUTOTUNE).batch(batch_size).prefetch(AUTOTUNE)
    val_ds = tf.data.Dataset.from_tensor_slices((x_val, y_val)).map(scale).batch(batch_size).cache()
    early = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience, restore_best_weights=True)
    saver = tf.keras.callbacks.ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    return model.fit(train_ds, validation_data=val_ds, epochs=epochs, callbacks=[early, saver, *callbacks], verbose=2)


def plot_history(history):
    d = history.history if isinstance(history, tf.keras.callbacks.History) else history
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(6, 7))
    for ax, key in zip(axes, ["accuracy", "loss"]):
        ax.plot(d[key], label="training")
        ax.plot(d["val_" + key], label="validation")
        ax.set_xlabel("epoch")
        ax.set_ylabel(key)
        ax.legend()
    fig.suptitle("Learning curves")
    return fig


def predict(model, x):
    if not isinstance(model, tf.keras.Model):
        model = tf.keras.models.load_model(model)
    ds = tf.data.Dataset.from_tensor_slices(x).map(lambda im: tf.cast(im, tf.float32) / 255.0).batch(64)
    return model.predict(ds, verbose=0)
