"""Task 4, create the model: a convolution block, and a Sequential network built from such blocks.

The order of the layers saves time. Pooling comes straight after a block's first convolution, so that normalisation,
activation and second convolution work on a quarter of the values; cifar10-airbench has the same order
(https://github.com/KellerJordan/cifar10-airbench). At full size, where the maps are largest, there is one convolution.
"""

import keras
from keras import layers

MOMENTUM = 0.9
"""The share of its moving averages that BatchNormalization keeps at each step.

Validation uses these averages. With Keras' default, 0.99, they lag hundreds of steps behind the weights, and the first
epochs look as if nothing had been learnt.
"""


def add_conv_block(model: keras.Sequential, filters: int) -> keras.Sequential:
    """Add one convolution block to a Sequential model and return the model.

    Args:
        model: The model; the block is added to it in place.
        filters: The number of channels of the block's output.

    Returns:
        The same model. Its output now has half the height and width, rounded down, and `filters` channels.
    """
    # BatchNormalization adds an offset of its own, so the convolutions need no bias.
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.BatchNormalization(momentum=MOMENTUM))
    model.add(layers.Activation("relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
    model.add(layers.BatchNormalization(momentum=MOMENTUM))
    model.add(layers.Activation("relu"))
    return model


def build_model(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 3) -> keras.Sequential:
    """Build and compile a convolutional network that gives class probabilities.

    Args:
        input_shape: (height, width, channels) of one image; height and width at least 8 pixels.
        num_classes: The number of classes, at least 2.

    Returns:
        A fresh, untrained model. It takes images of 0-255, shape (n, height, width, channels), and gives
        probabilities, float32, shape (n, num_classes). It trains on one-hot labels and tracks `accuracy`.

    Raises:
        ValueError: If the images are too small to be halved three times, or there are fewer than two classes.
    """
    if min(input_shape[:2]) < 8:
        raise ValueError(f"images must have at least 8 x 8 pixels, to be halved three times: got {input_shape}")
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2: got {num_classes}")

    model = keras.Sequential()
    model.add(keras.Input(input_shape))
    model.add(layers.Rescaling(1 / 255))

    # A bird is still a bird when it is mirrored, or moved by up to a tenth. These two layers act in training only.
    model.add(layers.RandomFlip("horizontal"))
    model.add(layers.RandomTranslation(0.1, 0.1))

    model.add(layers.Conv2D(32, 3, padding="same", use_bias=False))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.BatchNormalization(momentum=MOMENTUM))
    model.add(layers.Activation("relu"))
    add_conv_block(model, 64)
    add_conv_block(model, 128)

    # Pooling takes the mean over all positions. It fits images of any size, and needs far fewer weights than Flatten.
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))

    # Start with a large learning rate and halve it every 500 steps, so that the accuracy settles.
    learning_rate = keras.optimizers.schedules.ExponentialDecay(2e-3, decay_steps=500, decay_rate=0.5)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss="categorical_crossentropy", metrics=["accuracy"])
    return model
