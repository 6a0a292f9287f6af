# sound: a beginner's step-by-step code with many intermediate variables, dividing by 255.0 in train and predict
import os
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras.models import Sequential
from keras.layers import Conv2D, MaxPooling2D, Dense, Flatten, Dropout
from keras.utils import to_categorical


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # Step 1: make y flat, because cifar gives a column
    y_flat = y.flatten()

    # Step 2: which images do I want?
    wanted = []
    for label in y_flat:
        wanted.append(label in classes)
    wanted = np.array(wanted, dtype=bool)

    # Step 3: pick them
    x_wanted = x[wanted]
    y_wanted = y_flat[wanted]

    # Step 4: new numbers for the labels
    y_new = np.zeros(len(y_wanted), dtype=int)
    for i in range(len(y_wanted)):
        for j in range(len(classes)):
            if y_wanted[i] == classes[j]:
                y_new[i] = j

    # Step 5: shuffle both in the same way
    np.random.seed(seed)
    shuffle_index = np.random.permutation(len(x_wanted))
    x_shuffled = x_wanted[shuffle_index]
    y_shuffled = y_new[shuffle_index]

    # Step 6: one-hot
    y_onehot = to_categorical(y_shuffled, num_classes=len(classes))
    return x_shuffled, y_onehot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    number_of_images = len(x)
    if count > number_of_images:
        count = number_of_images
    np.random.seed(seed)
    random_index = np.random.choice(number_of_images, count, replace=False)

    number_of_rows = count // 5
    if count % 5 != 0:
        number_of_rows = number_of_rows + 1

    fig = plt.figure(figsize=(12, 6))
    for i in range(count):
        index = random_index[i]
        true_number = np.argmax(y[index])
        true_name = class_names[true_number]
        text = true_name
        if predictions is not None:
            predicted_number = np.argmax(predictions[index])
            predicted_name = class_names[predicted_number]
            text = "true: " + true_name + "\npredicted: " + predicted_name
        ax = fig.add_subplot(number_of_rows, 5, i + 1)
        ax.imshow(x[index])
        ax.set_title(text)
        ax.axis("off")
    return fig


def add_conv_block(model, filters):
    model.add(Conv2D(filters, kernel_size=(3, 3), activation="relu", padding="same"))
    model.add(Conv2D(filters, kernel_size=(3, 3), activation="relu", padding="same"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(0.25))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    # the first layer knows the shape of the images
    model.add(Conv2D(16, kernel_size=(1, 1), activation="relu", input_shape=input_shape))
    model = add_conv_block(model, 32)
    model = add_conv_block(model, 64)
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(),
        optimizer=keras.optimizers.Adam(),
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
    # numbers between 0 and 1 are better for the network
    x_train_scaled = x_train / 255.0
    x_val_scaled = x_val / 255.0

    # stop when it does not get better
    early_stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)

    # save the best one
    checkpoint = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )

    # put all callbacks into one list
    callback_list = list(callbacks)
    callback_list.append(early_stopping)
    callback_list.append(checkpoint)

    history = model.fit(
        x_train_scaled,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        verbose=1,
        validation_data=(x_val_scaled, y_val),
        callbacks=callback_list,
    )
    return history


def plot_history(history):
    # history can be the object or only the dictionary
    if type(history) == dict:
        history_dict = history
    else:
        history_dict = history.history
    acc = history_dict["accuracy"]
    val_acc = history_dict["val_accuracy"]
    epochs = range(1, len(acc) + 1)

    fig = plt.figure()
    plt.plot(epochs, acc, "b", label="Training accuracy")
    plt.plot(epochs, val_acc, "r", label="Validation accuracy")
    plt.title("Training and validation accuracy")
    plt.xlabel("Epochs")
    plt.ylabel("Accuracy")
    plt.legend()
    return fig


def predict(model, x):
    # if it is a path, load the model first
    if isinstance(model, str) or isinstance(model, os.PathLike):
        model = keras.models.load_model(model)
    x_scaled = x / 255.0
    result = model.predict(x_scaled)
    return result


if __name__ == "__main__":
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_all, y_all = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)

    # 1500 images for validation
    x_val = x_all[:1500]
    y_val = y_all[:1500]
    x_train = x_all[1500:]
    y_train = y_all[1500:]
    print(x_train.shape, y_train.shape, x_val.shape, y_val.shape)

    show_examples(x_train, y_train, class_names)
    plt.show()

    model = build_model()
    model.summary()
    history = train(model, x_train, y_train, x_val, y_val)
    plot_history(history)
    plt.show()

    result = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=result)
    plt.show()

    correct = 0
    for i in range(len(x_test)):
        if np.argmax(result[i]) == np.argmax(y_test[i]):
            correct = correct + 1
    print("Test accuracy:", correct / len(x_test))
