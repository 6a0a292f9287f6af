"""Known models: networks whose behaviour is stated by the grader, to watch `train` and `predict` with.

Untrusted side.  Built from Keras' own layers and written to Keras alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.wire.rings import rings

Shape = tuple[int, int, int]
"""Height, width and channels of an image: 3 in colour, 1 in grey."""

USUAL_SHAPE: Final = (32, 32, 3)
_OF_FIT: Final = (
    "x",
    "y",
    "batch_size",
    "epochs",
    "verbose",
    "callbacks",
    "validation_split",
    "validation_data",
    "shuffle",
    "class_weight",
    "sample_weight",
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
)


def script_model(num_classes: int, image_shape: Shape) -> Any:
    """A network that predicts one class for every image, the one that its bias names.

    Its accuracy on a set is thus the share of that class among the labels: exact, and the same however the
    images are scaled or augmented.  Its last layer is frozen, so that training changes nothing.  There is one that
    can be trained, since optimizers ask for something to train; the zeros behind it give it no gradient.
    """
    model = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
            keras.layers.Dense(num_classes, kernel_initializer="zeros", activation="softmax", trainable=False),
        ]
    )
    _compile(model, keras.optimizers.SGD(0.0))
    return model


class FollowScript(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets, at the beginning of each epoch, which class a script model predicts, and how surely.

    It is told of epochs by `fit`, and in a training loop of a submission's own by `saw_call`.

    Args:
        classes: The class of each epoch; the last one stays.
        sureness: The logit of that class in each epoch; the others' are 0.
    """

    def __init__(self, classes: Sequence[int], sureness: Sequence[float]) -> None:
        super().__init__()
        self.classes = list(classes)
        self.sureness = list(sureness)
        self.epochs = 0
        self.logs: list[dict[str, float]] = []
        self._fitting = self._stepping = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Leave it to `fit` to tell of epochs."""
        self._fitting = True

    def on_train_end(self, logs: Any = None) -> None:
        """The calls of the network tell of epochs again."""
        self._fitting = False

    def saw_call(self, *, training: bool) -> None:
        """An epoch begins with the first call in training mode, and with the first one after others."""
        if training and not self._stepping and not self._fitting:
            self.on_epoch_begin(self.epochs)
        self._stepping = training

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Write the bias of the next epoch, by its own count: whoever calls fit for each epoch begins at 0 again."""
        step = min(self.epochs, len(self.classes) - 1)
        kernel, bias = self.model.layers[-1].get_weights()
        bias = np.zeros_like(bias)
        bias[self.classes[step]] = self.sureness[step]
        self.model.layers[-1].set_weights([kernel, bias])
        self.epochs += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep what `fit` says of the epoch, for a `train` that returns something else than the History."""
        self.logs.append({str(name): float(value) for name, value in (logs or {}).items()})


class CountEpochs(keras.callbacks.Callback):  # type: ignore[misc]
    """An extra callback that only counts, to see whether `train` runs the ones it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Count."""
        self.epochs += 1


def follow(model: Any, callback: Any, *, validation: tuple[Any, Any] | None = None) -> None:
    """Make `model.fit` run a callback of the grader beside those it is given.

    The model is the grader's own, so the extra callback goes onto this one object; a `train` that drops
    the callbacks it is given can then still be judged on the rest.  So can one that validates on other data than it is
    given, where `validation` takes its place.
    """

    def add(given: dict[str, Any]) -> None:
        given["callbacks"] = [*_as_list(given.get("callbacks")), callback]
        if validation is not None:
            for name in [name for name in given if name.startswith("validation")]:
                del given[name]
            given["validation_data"] = validation

    before_fit(model, add)


def before_fit(model: Any, change: Callable[[dict[str, Any]], None]) -> None:
    """Make `model.fit` change what it is given, by name, before it trains."""
    fit = type(model).fit

    def changed_fit(*args: Any, **kwargs: Any) -> Any:
        kwargs.update(zip(_OF_FIT, args, strict=False))
        change(kwargs)
        return fit(model, *args[len(_OF_FIT) :], **kwargs)

    object.__setattr__(model, "fit", changed_fit)


def answer_at_once(model: Any) -> None:
    """Let `model.predict` answer about arrays of images without the data pipeline that Keras makes for each call.

    The pipeline takes a tenth of a second, twenty times as long as the answers, which are the same: the network at
    inference, batch by batch.  Whatever else is asked of `predict` is Keras' own to do.
    """
    predict = model.predict

    def predict_arrays(x: Any, batch_size: Any = None, verbose: Any = "auto", **others: Any) -> Any:
        usual = isinstance(x, np.ndarray) and len(x) > 0 and x.shape[1:] == model.input_shape[1:]
        size = 32 if batch_size is None else batch_size
        if others or not usual or x.dtype.kind not in "fiu" or not isinstance(size, int) or size < 1:
            return predict(x, batch_size=batch_size, verbose=verbose, **others)
        parts = [model(x[start : start + size], training=False) for start in range(0, len(x), size)]
        return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])

    object.__setattr__(model, "predict", predict_arrays)


def tell_of_calls(model: Any, script: FollowScript) -> None:
    """Tell a script of the calls of its network, for training loops that do without `fit`."""
    call = model.call
    script.set_model(model)

    def call_and_tell(inputs: Any, training: Any = None, **kwargs: Any) -> Any:
        script.saw_call(training=bool(training))
        return call(inputs, training=training, **kwargs)

    object.__setattr__(model, "call", call_and_tell)


def _as_list(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]


def three_means(image_shape: Shape) -> list[Any]:
    """Layers that give three numbers of an image: the means of its channels, or in grey of frame, ring and middle."""
    height, width, channels = image_shape
    if channels == 3:
        return [keras.layers.GlobalAveragePooling2D()]
    parts = np.eye(3)[rings(height, width).reshape(-1)]
    means = keras.layers.Dense(3, use_bias=False, trainable=False)
    means.build((None, height * width))
    means.set_weights([parts / parts.sum(axis=0)])
    return [keras.layers.Flatten(), means]


def witness_model(num_classes: int, image_shape: Shape) -> Any:
    """A trainable network that remembers what it was trained on.

    The batch normalisation keeps nothing of the past (momentum 0), so its moving mean is the mean of the last
    training batch as the network saw it, and the dense layer starts at zero, so its weights point to the label
    that each colour, or bright part, was trained with.
    """
    model = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.BatchNormalization(momentum=0.0),
            *three_means(image_shape),
            keras.layers.Dense(num_classes, kernel_initializer="zeros", activation="softmax"),
        ]
    )
    _compile(model, keras.optimizers.SGD(0.05))
    return model


def brightest_channel_model(
    gain: float, image_shape: Shape, *, shift: int = 0, frozen: bool = False, threshold: float = 0.0
) -> Any:
    """A network whose class is the brightest channel of an image, whatever positive scale the image has.

    Of a grey image, frame, ring and middle are in place of the channels.  The last class has none: the logits are
    `gain` times the means of the three, and of the threshold (0 by default).  So the logarithms of the probabilities
    tell these means as the network saw them.
    Dropout changes nothing at inference, and much in training mode.

    Args:
        gain: Logits per unit of a channel's mean.
        image_shape: Height, width and channels of an image.
        shift: Channel c is class (c + shift) modulo 3.
        threshold: An image none of whose channels has a higher mean is of the last class.
        frozen: Let training change nothing.  Instead of the dropout there is something to train, since optimizers ask
            for it: slopes of numbers below zero, of which there are few if any.
    """
    layers = [keras.Input(image_shape), *three_means(image_shape)]
    layers.append(keras.layers.PReLU(alpha_initializer="ones") if frozen else keras.layers.Dropout(0.5))
    layers.append(keras.layers.Dense(4, activation="softmax", trainable=not frozen))
    model = keras.Sequential(layers)
    _compile(model, keras.optimizers.SGD(0.0))
    kernel = np.zeros((3, 4), np.float32)
    kernel[:, :3] = gain * np.roll(np.eye(3), shift, axis=1)
    model.layers[-1].set_weights([kernel, np.array([0, 0, 0, gain * threshold], np.float32)])
    return model


def _compile(model: Any, optimizer: Any) -> None:
    # Eagerly, since these networks are tiny: tracing would cost half a second for each.
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
