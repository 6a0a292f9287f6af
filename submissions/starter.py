"""Course project: tell three classes of CIFAR-10 apart with a small convolutional network in Keras.

Six tasks. Write the body of each function below, and keep its name and its parameters.
Functions, imports and parameters with defaults of your own are welcome.

    grader check solution.py    # how far you are
"""

# Task 1 – Set up (5 points)
# Import what you need and define the functions of the tasks below, with the parameters they
# name. Loading your file must not train a model: keep that in later cells, or under
# `if __name__ == "__main__":`.

import keras
import matplotlib.pyplot as plt
import numpy as np


# Task 2 – Pre-process (20 points)
# From images and labels keep only the requested classes, shuffle them, and turn the labels into
# one-hot rows.


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Return the images of some classes, shuffled, with one-hot labels.

    x_subset holds exactly the images whose label is in classes, each once, with dtype and
    values as they were. y_subset is a float array of shape (m, len(classes)). Image and label
    stay paired, and x and y are left as they were.

    Args:
        x: Images, uint8 0-255, shape (n, height, width, channels).
        y: Integer labels, shape (n, 1) as CIFAR-10 ships them, or (n,).
        classes: The labels to keep; column j of the result means classes[j].
        seed: The same seed gives the same order; None a fresh one each time.

    Returns:
        (x_subset, y_subset).
    """
    raise NotImplementedError("Task 2: write subset_data")


# Task 3 – Visualise (10 points)
# Show randomly chosen images with the names of their classes, and later of the predicted
# classes.


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    """Show randomly chosen images with their class names as titles.

    The figure has min(count, len(x)) axes with an image, each a different image. Each title has
    the name of the image's own class and, with predictions, of the predicted class too.

    Args:
        x: Images, uint8 0-255, shape (n, height, width, channels).
        y: One-hot labels, shape (n, number of classes).
        class_names: The name of each column of y.
        predictions: Probabilities, shape (n, number of classes).
        count: How many images to show.
        seed: For a repeatable choice.

    Returns:
        A matplotlib Figure.
    """
    raise NotImplementedError("Task 3: write show_examples")


# Task 4 – Create the model (20 points)
# Write a convolution block, and build and compile a Sequential network from such blocks. Scale
# the images inside the network with a Rescaling layer, or divide by 255 inside both `train` and
# `predict`.


def add_conv_block(model, filters):
    """Add one convolution block to a Sequential model and return the model.

    The block's convolutions end in `filters` channels, and it at least halves height and width.

    Args:
        model: A keras.Sequential, which the block is added to in place.
        filters: The number of channels that the block ends in.

    Returns:
        The same model.
    """
    raise NotImplementedError("Task 4: write add_conv_block")


def build_model(input_shape=(32, 32, 3), num_classes=3):
    """Build and compile a convolutional network that gives class probabilities.

    It ends in a softmax, trains on one-hot labels with categorical cross-entropy, tracks
    `accuracy`, and is a fresh, untrained model at each call.

    Args:
        input_shape: (height, width, channels) of one image.
        num_classes: The number of classes.

    Returns:
        A compiled keras.Sequential.
    """
    raise NotImplementedError("Task 4: write build_model")


# Task 5 – Train (25 points)
# Train with early stopping, and keep the best epoch in a checkpoint.


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
    """Train the model with early stopping and a checkpoint of the best epoch.

    It fits the model it was given, on the training set alone, watches val_accuracy, and returns
    what fit returns.

    Args:
        model: A compiled model, which is trained in place.
        x_train: Training images, uint8 0-255.
        y_train: Their one-hot labels.
        x_val: Validation images, uint8 0-255.
        y_val: Their one-hot labels.
        epochs: The most epochs to train.
        batch_size: Images per step.
        patience: Stop after so many epochs without a better val_accuracy.
        checkpoint_path: Where the best epoch's whole model is saved.
        callbacks: Further Keras callbacks to run.

    Returns:
        The History.
    """
    raise NotImplementedError("Task 5: write train")


# Task 6 – Predict (20 points)
# Plot how the training went, load the best checkpoint, and predict images the network never
# saw.


def plot_history(history):
    """Plot training and validation accuracy per epoch.

    Two lines, told apart by a legend, and both axes labelled.

    Args:
        history: A keras History, or its .history dictionary.

    Returns:
        A matplotlib Figure.
    """
    raise NotImplementedError("Task 6: write plot_history")


def predict(model, x):
    """Return the class probabilities of images, in their order.

    Row i depends on image i alone.

    Args:
        model: A model, or the path of a checkpoint.
        x: Images, uint8 0-255, shape (n, height, width, channels).

    Returns:
        Probabilities, shape (n, number of classes).
    """
    raise NotImplementedError("Task 6: write predict")


if __name__ == "__main__":
    # Task 2: three of the ten classes. A tenth of the training images judges the epochs, and the
    # test images are kept for the very end.
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])

    # Task 3: look at the images before training on them.
    show_examples(x_train, y_train, class_names)
    plt.show()

    # Task 4: build the network.
    model = build_model()
    model.summary()

    # Task 5: train it. This takes some minutes.
    history = train(model, x_train, y_train, x_val, y_val)

    # Task 6: see how the training went, and ask the best epoch about images it never saw.
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
