"""The known models: networks of the grader's own that are passed to a submission's `train` and `predict`.

Untrusted side.  The grader can state exactly how each of them behaves, whatever chance there is in training.  They are
built from Keras' own layers and do not depend on the backend.
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
    """Make a network that predicts the same class for every image: the one with the largest bias.

    Its accuracy on a set is therefore exactly the share of that class among the labels, however the images are scaled
    or augmented.  Its last layer is frozen, so that training changes nothing.  The small trainable layer before it is
    there because optimizers require something to train; the zeros of the last kernel keep its gradient at 0.
    """
    model = keras.Sequential(
        [
            keras.Input(image_shape),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
            keras.layers.Dense(num_classes, kernel_initializer="zeros", activation="softmax", trainable=False),
        ]
    )
    _compile(model, keras.optimizers.SGD(0.0))  # with a learning rate of 0 not even the trainable layer changes
    return model


class FollowScript(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets which class a script model predicts, and how confidently, at the beginning of each epoch.

    In `fit` it learns of epochs as a callback, and in a submission's own training loop from `saw_call`.

    Args:
        classes: The class for each epoch; the last one is used for all further epochs.
        sureness: The logit of that class in each epoch; the other logits are 0.

    Attributes:
        epochs: The number of epochs that have begun.
        logs: The logs of each epoch that `fit` has ended.
    """

    def __init__(self, classes: Sequence[int], sureness: Sequence[float]) -> None:
        super().__init__()
        self.classes = list(classes)
        self.sureness = list(sureness)
        self.epochs = 0
        self.logs: list[dict[str, float]] = []
        self._fitting = self._stepping = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Ignore calls of the network from now on, since `fit` reports the epochs."""
        self._fitting = True

    def on_train_end(self, logs: Any = None) -> None:
        """Watch the calls of the network again."""
        self._fitting = False

    def saw_call(self, *, training: bool) -> None:
        """Begin an epoch at the first call in training mode, and at each one that follows a call in another mode."""
        if training and not self._stepping and not self._fitting:
            self.on_epoch_begin(self.epochs)
        self._stepping = training

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the bias for the next epoch.

        This counts epochs itself, since `fit` begins at 0 again each time that a submission calls it for one epoch.
        """
        step = min(self.epochs, len(self.classes) - 1)
        kernel, bias = self.model.layers[-1].get_weights()
        bias = np.zeros_like(bias)
        bias[self.classes[step]] = self.sureness[step]
        self.model.layers[-1].set_weights([kernel, bias])
        self.epochs += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the logs of `fit`, in case `train` does not return the History."""
        self.logs.append({str(name): float(value) for name, value in (logs or {}).items()})


class CountEpochs(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback that only counts epochs, to find out whether `train` runs the extra callbacks that it is given.

    An epoch counts once, while it is trained, so not if `train` calls this by hand when all epochs are over.

    Args:
        script: The script that follows the same training.
    """

    def __init__(self, script: FollowScript) -> None:
        super().__init__()
        self.epochs = 0
        self._script = script
        self._counted = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Count the epoch that is being trained."""
        if self._script.epochs != self._counted:
            self._counted = self._script.epochs
            self.epochs += 1


def follow(model: Any, callback: Any, *, validation: tuple[Any, Any] | None = None) -> None:
    """Make `model.fit` run one of the grader's callbacks in addition to those it is given.

    So a `train` that drops the extra callbacks it is given can still be judged by the other checks.  A `train` that
    validates on the wrong data can, too, if `validation` is given.

    Args:
        model: One of the grader's own models; only this object is changed.
        callback: The callback.
        validation: Images and labels.  If given, `fit` validates on these, whatever it is given.
    """

    def add(given: dict[str, Any]) -> None:
        given["callbacks"] = [*_as_list(given.get("callbacks")), callback]
        if validation is not None:
            for name in [name for name in given if name.startswith("validation")]:
                del given[name]
            given["validation_data"] = validation

    before_fit(model, add)


def before_fit(model: Any, change: Callable[[dict[str, Any]], None]) -> None:
    """Make `model.fit` pass its arguments, as a dictionary by name, to `change` before it trains with them."""
    fit = type(model).fit

    def changed_fit(*args: Any, **kwargs: Any) -> Any:
        kwargs.update(zip(_OF_FIT, args, strict=False))
        change(kwargs)
        return fit(model, *args[len(_OF_FIT) :], **kwargs)

    object.__setattr__(model, "fit", changed_fit)


def answer_at_once(model: Any) -> None:
    """Make `model.predict` compute arrays of images without the data pipeline that Keras creates for each call.

    The pipeline takes a tenth of a second, twenty times as long as the answers.  These are the same: the network at
    inference, batch by batch.  With any other arguments, Keras' own `predict` is called.
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
    """Make a model report its calls to a script, for training loops that do not use `fit`."""
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
    """Make layers that compute three means of an image: of its channels, or of frame, ring and middle if it is grey."""
    height, width, channels = image_shape
    if channels == 3:
        return [keras.layers.GlobalAveragePooling2D()]
    parts = np.eye(3)[rings(height, width).reshape(-1)]
    means = keras.layers.Dense(3, use_bias=False, trainable=False)
    means.build((None, height * width))
    means.set_weights([parts / parts.sum(axis=0)])
    return [keras.layers.Flatten(), means]


def witness_model(num_classes: int, image_shape: Shape) -> Any:
    """Make a trainable network that remembers what it was trained on.

    Its batch normalisation has momentum 0, so the moving mean is the mean of the last training batch as the network saw
    it, which shows how `train` scales.  Its dense layer starts at zero, so the weights show the label that each colour,
    or bright region of a grey image, was trained with.
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
    """Make a network that predicts the brightest channel of an image, at whatever positive scale.

    In a grey image, the frame, the ring and the middle take the place of the channels.  The logits are `gain` times the
    means of the three and, for a fourth class, `gain` times the threshold.  So the logarithms of the probabilities show
    these means as the network saw them.  A dropout layer changes nothing at inference, and much in training mode, so a
    `predict` that runs the network in training mode is noticed.

    Args:
        gain: The logit per unit of a channel's mean.
        image_shape: Height, width and channels of an image.
        shift: Channel c is class (c + shift) modulo 3.
        frozen: Whether training must not change the answers.  A PReLU then takes the place of the dropout, since
            optimizers require something to train: it trains the slopes for negative numbers, of which there are few if
            any.
        threshold: An image is of the last class if no channel has a mean above this.
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
    # Run eagerly: these networks are tiny, and tracing would cost half a second for each.
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
