# sound: VS Code notebook in percent format with markdown cells, plt state machine, a DEMO switch inside the guard
# %% [markdown]
# # CIFAR-10: planes, cars and birds
#
# First the imports.

# %%
import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np

keras.utils.set_random_seed(1234)

# %% [markdown]
# ## 2. Pre-processing


# %%
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    y = y.reshape(-1)
    indices = np.array([], dtype=int)
    columns = np.array([], dtype=int)
    for column in range(len(classes)):
        found = np.where(y == classes[column])[0]
        indices = np.append(indices, found)
        columns = np.append(columns, np.ones(len(found), dtype=int) * column)

    rng = np.random.default_rng(seed)
    order = np.arange(len(indices))
    rng.shuffle(order)
    indices = indices[order]
    columns = columns[order]

    return x[indices], keras.utils.to_categorical(columns, num_classes=len(classes))


# %% [markdown]
# ## 3. Look at some images


# %%
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    how_many = min(count, len(x))
    sample = rng.choice(len(x), how_many, replace=False)
    figure = plt.figure(figsize=(15, 3 * (how_many // 5 + 1)))
    for k in range(how_many):
        image = x[sample[k]]
        true_class = np.argmax(y[sample[k]])
        plt.subplot(how_many // 5 + 1, 5, k + 1)
        plt.imshow(image)
        plt.axis("off")
        if predictions is None:
            plt.title(class_names[true_class])
        else:
            predicted_class = np.argmax(predictions[sample[k]])
            plt.title(f"{class_names[true_class]} / {class_names[predicted_class]}")
    plt.suptitle("Some images")
    return figure


# %% [markdown]
# ## 4. The network


# %%
def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 3, activation="relu", padding="same"))
    model.add(keras.layers.SpatialDropout2D(0.1))
    model.add(keras.layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(
        [
            keras.layers.Input(shape=input_shape),
            keras.layers.Rescaling(1.0 / 255),
        ]
    )
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


# %% [markdown]
# ## 5. Training


# %%
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
    early_stopping = keras.callbacks.EarlyStopping(
        monitor="val_accuracy",
        patience=patience,
    )
    model_checkpoint = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        save_best_only=True,
    )
    my_callbacks = [early_stopping, model_checkpoint]
    if callbacks:
        my_callbacks = my_callbacks + list(callbacks)
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=my_callbacks,
    )


# %% [markdown]
# ## 6. Results


# %%
def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    figure = plt.figure()
    epochs = np.arange(1, len(history["accuracy"]) + 1)
    plt.plot(epochs, history["accuracy"], "bo-", label="Training accuracy")
    plt.plot(epochs, history["val_accuracy"], "ro-", label="Validation accuracy")
    plt.title("Training and validation accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Accuracy")
    plt.legend()
    return figure


def predict(model, x):
    if isinstance(model, (str, pathlib.PurePath)):
        model = keras.models.load_model(model)
    return model.predict(x)


# %%
if __name__ == "__main__":
    DEMO = False  # True: only two epochs
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_all, y_all = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_all, [1500])
    y_val, y_train = np.split(y_all, [1500])
    show_examples(x_train, y_train, class_names)
    plt.show()
    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val, epochs=2 if DEMO else 20)
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    print(np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1)))
