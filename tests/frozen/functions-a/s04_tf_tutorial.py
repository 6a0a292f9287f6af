# sound: follows the TensorFlow CNN tutorial, valid padding and only two blocks
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import datasets, layers, models


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    classes = np.array(classes)
    labels = np.ravel(y)

    # Keep the wanted classes.
    keep = np.zeros(len(labels), dtype=bool)
    for c in classes:
        keep = keep | (labels == c)
    images = x[keep]
    labels = labels[keep]

    # Shuffle.
    np.random.seed(seed)
    order = np.arange(len(labels))
    np.random.shuffle(order)
    images = images[order]
    labels = labels[order]

    # Compare every label with every class: gives the one-hot rows directly.
    one_hot = (labels[:, np.newaxis] == classes[np.newaxis, :]).astype("float32")
    return images, one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    np.random.seed(seed)
    chosen = np.random.permutation(len(x))[:count]
    figure = plt.figure(figsize=(10, 2.5 * (len(chosen) // 5 + 1)))
    for i in range(len(chosen)):
        plt.subplot(len(chosen) // 5 + 1, 5, i + 1)
        plt.xticks([])
        plt.yticks([])
        plt.grid(False)
        plt.imshow(x[chosen[i]])
        name = class_names[np.argmax(y[chosen[i]])]
        if predictions is not None:
            name = name + " (" + class_names[np.argmax(predictions[chosen[i]])] + "?)"
        plt.title(name)
    return figure


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = models.Sequential()
    model.add(layers.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255.0))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(num_classes))
    model.add(layers.Softmax())

    model.compile(
        optimizer="adam",
        loss=tf.keras.losses.CategoricalCrossentropy(from_logits=False),
        metrics=["accuracy"],
    )
    return model


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
    early = tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    best = tf.keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True, verbose=1
    )
    return model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[early, best] + list(callbacks),
    )


def plot_history(history):
    try:
        curves = history.history
    except AttributeError:
        curves = history
    figure = plt.figure()
    plt.plot(curves["accuracy"], label="accuracy")
    plt.plot(curves["val_accuracy"], label="val_accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Accuracy")
    plt.ylim([0, 1])
    plt.legend(loc="lower right")
    return figure


def predict(model, x):
    if not isinstance(model, tf.keras.Model):
        model = tf.keras.models.load_model(model)
    return model.predict(x)


def main():
    class_names = ["airplane", "automobile", "bird"]
    (train_images, train_labels), (test_images, test_labels) = datasets.cifar10.load_data()
    train_images, train_labels = subset_data(train_images, train_labels, seed=0)
    test_images, test_labels = subset_data(test_images, test_labels, seed=0)
    val_images, train_images = np.split(train_images, [1500])
    val_labels, train_labels = np.split(train_labels, [1500])

    show_examples(train_images, train_labels, class_names)
    plt.show()

    model = build_model()
    model.summary()
    history = train(model, train_images, train_labels, val_images, val_labels)
    plot_history(history)
    probabilities = predict("best_model.keras", test_images)
    show_examples(test_images, test_labels, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == test_labels.argmax(axis=1)))


if __name__ == "__main__":
    main()
