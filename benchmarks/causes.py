"""Measure whether `grader bench --explain` finds why a training is slow, with twenty ways to slow a solution down.

`python -m benchmarks.causes` plants each cause in a sound solution and asks for the most important cause and for what
undoing it gains.  It also measures what really mending the file gains; the mended file is in most cases the sound
solution again.  A stated gain counts as right if it is within 15 % of the true one.  With the ids of causes, only these
are tried.  `python -m benchmarks.causes --write DIR` writes the twenty files.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from grader.course import Course, Speed
from grader.course.datasets import Dataset
from grader.course.datasets.shapes import generate_shapes
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.speed.explaining import Explainer, judged
from grader.speed.measuring import Pairs
from grader.speed.records import Cause, Gain, Kind
from grader.speed.statistics import gain_between
from grader.submissions import SubmissionFile, read_submission

COURSE: Final = Course(dataset="shapes", speed=Speed(train_images=960, batch_size=48))
IMAGES: Final = 288
"""The number of images in a pass; fewer than in a course, so that all of it takes only minutes."""

WITHIN: Final = 0.15
MOST: Final = 3
"""The most causes of a file that are undone; all of them train in turns with the file and the sound solution."""


SOUND: Final = '''"""A sound solution, which trains as fast as its network can."""

import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([
        keras.Input(input_shape),
        layers.Rescaling(1 / 255),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(num_classes, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, patience, checkpoint_path, callbacks=()):
    return model.fit(
        x_train, y_train, batch_size=batch_size,
        epochs=epochs, validation_data=(x_val, y_val), callbacks=[*callbacks], verbose=0,
    )


def predict(model, x):
    return (keras.models.load_model(model) if isinstance(model, str) else model).predict(x, verbose=0)
'''

_FIT: Final = "        x_train, y_train, batch_size=batch_size,\n"
_TRAIN: Final = "def train("
_RETURN: Final = "    return model.fit("


class Planted(msgspec.Struct, frozen=True):
    """A way to slow a training down.

    Attributes:
        id: The name of the planted cause.
        kind: The kind of cause that should be found.
        edits: The replacements that plant it in the sound solution, as pairs of old and new text.
        name: A part of the name of the callback or layer that should be found.
        mending: The replacements that mend the file; if empty, the mended file is the sound solution.
    """

    id: str
    kind: Kind
    edits: tuple[tuple[str, str], ...]
    name: str = ""
    mending: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """The solution with the cause planted."""
        return _edited(SOUND, self.edits)

    @property
    def mended(self) -> str:
        """The solution with the cause mended."""
        return _edited(self.source, self.mending) if self.mending else SOUND


def _edited(source: str, edits: Iterable[tuple[str, str]]) -> str:
    for old, new in edits:
        assert source.count(old) == 1, f"{old!r} is there {source.count(old)} times"
        source = source.replace(old, new)
    return source


def _callback(id_: str, body: str) -> Planted:
    """Plant a costly callback with the given methods."""
    hook = f"class Costly(keras.callbacks.Callback):\n{body}\n\n\n"
    edits = ((_TRAIN, hook + _TRAIN), ("callbacks=[*callbacks]", "callbacks=[Costly(x_train, y_train), *callbacks]"))
    init = "    def __init__(self, x, y):\n        super().__init__()\n        self.x, self.y = x, y\n\n"
    return Planted(
        id_, "callback", ((_TRAIN, edits[0][1].replace("Callback):\n", "Callback):\n" + init)), edits[1]), "Costly"
    )


def _pipeline(
    id_: str,
    made: str,
    kind: Kind = "input",
    epochs: str = "epochs=epochs",
    more: str = "",
    mending: tuple[tuple[str, str], ...] = (),
) -> Planted:
    """Plant an input pipeline in place of the arrays that `fit` is called with."""
    fed = f"        data, {more}\n" if more else "        data,\n"
    edits = ((_RETURN, made + "\n" + _RETURN), (_FIT, fed), ("        epochs=epochs", "        " + epochs))
    return Planted(id_, kind, edits, mending=mending)


_STEPS: Final = "steps_per_epoch=len(x_train) // batch_size,"

PLANTED: Final = (
    _callback("sleeps-each-batch", "    def on_train_batch_end(self, batch, logs=None):\n        time.sleep(0.03)"),
    _callback("sleeps-each-epoch", "    def on_epoch_end(self, epoch, logs=None):\n        time.sleep(0.4)"),
    _callback(
        "predicts-each-epoch",
        "    def on_epoch_end(self, epoch, logs=None):\n"
        "        self.model.predict(np.concatenate([self.x, self.x]), batch_size=8, verbose=0)",
    ),
    _callback(
        "saves-each-batch",
        "    def on_train_batch_end(self, batch, logs=None):\n        self.model.save('backup.keras')",
    ),
    _callback(
        "traces-each-batch",
        "    def on_train_batch_end(self, batch, logs=None):\n"
        "        tf.function(lambda x: self.model(x, training=False))(self.x[:8] / 255.0)",
    ),
    Planted(
        "evaluates-each-batch",
        "validation",
        (
            (
                _TRAIN,
                "class Evaluate(keras.callbacks.Callback):\n    def __init__(self, x, y):\n        super().__init__()\n"
                "        self.x, self.y = x, y\n\n    def on_train_batch_end(self, batch, logs=None):\n"
                "        self.model.evaluate(self.x, self.y, verbose=0)\n\n\n" + _TRAIN,
            ),
            ("callbacks=[*callbacks]", "callbacks=[Evaluate(x_val, y_val), *callbacks]"),
        ),
    ),
    _pipeline(
        "validates-each-step",
        "    data = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(len(x_train))\n"
        "    data = data.batch(batch_size).repeat().prefetch(2)",
        "validation",
        "epochs=epochs * len(x_train) // batch_size",
        "steps_per_epoch=1,",
        (("steps_per_epoch=1,", _STEPS), ("epochs=epochs * len(x_train) // batch_size", "epochs=epochs")),
    ),
    Planted(
        "validates-one-by-one",
        "validation",
        (("validation_data=(x_val, y_val),", "validation_data=(x_val, y_val), validation_batch_size=1,"),),
    ),
    _pipeline(
        "generator-for-each-image",
        "    def images():\n        rng = np.random.default_rng(0)\n        while True:\n"
        "            rows = rng.integers(0, len(x_train), batch_size)\n"
        "            batch = [np.roll(x_train[row].astype('float32'), rng.integers(-2, 3), 1) for row in rows]\n"
        "            batch = [np.clip(image * rng.normal(1, 0.1, image.shape), 0, 255) for image in batch]\n"
        "            yield np.stack(batch), y_train[rows]\n\n    data = images()",
        more=_STEPS,
    ),
    _pipeline(
        "sequence-for-each-image",
        "    class Images(keras.utils.PyDataset):\n        def __len__(self):\n"
        "            return len(x_train) // batch_size\n\n        def __getitem__(self, index):\n"
        "            rows = range(index * batch_size, (index + 1) * batch_size)\n"
        "            batch = [[[pixel / 1.0 for pixel in line] for line in x_train[row]] for row in rows]\n"
        "            return np.array(batch, 'float32'), y_train[rows.start : rows.stop]\n\n    data = Images()",
    ),
    _pipeline(
        "python-function-for-each-image",
        "    def prepare(image):\n        image = image.astype('float32')\n"
        "        return np.sort(np.fft.ifft2(np.fft.fft2(image, axes=(0, 1)), axes=(0, 1)).real, 2).astype('float32')"
        "\n\n    data = tf.data.Dataset.from_tensor_slices((x_train, y_train))\n"
        "    data = data.map(lambda x, y: (tf.ensure_shape(tf.numpy_function(prepare, [x], tf.float32),"
        " (32, 32, 3)), y))\n    data = data.batch(batch_size)",
    ),
    _pipeline(
        "neither-cached-nor-prefetched",
        "    def prepare(image, label):\n        image = tf.image.resize(image, (192, 192), 'bicubic')\n"
        "        return tf.image.resize(image, (32, 32), 'area'), label\n\n"
        "    data = tf.data.Dataset.from_tensor_slices((x_train, y_train)).map(prepare).batch(batch_size)",
    ),
    Planted("batches-of-one", "batch", ((_FIT, "        x_train, y_train, batch_size=1,\n"),)),
    _pipeline(
        "pipeline-of-small-batches",
        "    data = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(len(x_train)).batch(2).prefetch(2)",
        "batch",
        mending=((".batch(2)", ".batch(batch_size)"),),
    ),
    Planted("runs-eagerly", "eager", (('metrics=["accuracy"])', 'metrics=["accuracy"], run_eagerly=True)'),)),
    Planted(
        "compiles-each-epoch",
        "recompiling",
        (
            (
                _RETURN,
                "    for _ in range(epochs):\n"
                '        model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])\n'
                "        history = model.fit(",
            ),
            ("epochs=epochs,", "epochs=1,"),
            (
                "callbacks=[*callbacks], verbose=0,\n    )\n",
                "callbacks=[*callbacks], verbose=0,\n        )\n    return history\n",
            ),
        ),
    ),
    Planted(
        "augments-heavily",
        "layer",
        (
            (
                "        layers.Rescaling(1 / 255),\n",
                "        layers.Rescaling(1 / 255),\n        keras.Sequential([\n"
                '            layers.RandomFlip("horizontal"), layers.RandomRotation(0.1, interpolation="bilinear"),\n'
                "            layers.RandomZoom(0.1), layers.RandomTranslation(0.1, 0.1), layers.RandomContrast(0.2),\n"
                '        ], name="augmentation"),\n',
            ),
        ),
        "augmentation",
    ),
    Planted(
        "huge-kernel",
        "layer",
        (
            (
                '        layers.Conv2D(16, 3, padding="same", activation="relu"),\n        layers.MaxPooling2D(2),\n'
                "        layers.Conv2D(16, 3,",
                '        layers.Conv2D(16, 3, padding="same", activation="relu"),\n'
                "        layers.MaxPooling2D(2),\n        layers.Conv2D(16, 15,",
            ),
        ),
        "conv2d_1",
    ),
    Planted("huge-dense-layer", "layer", (("layers.Flatten(),", "layers.Flatten(), layers.Dense(2048),"),), "dense"),
    Planted(
        "double-precision",
        "precision",
        (("def build_model(", 'keras.config.set_floatx("float64")\n\n\ndef build_model('),),
    ),
)
"""The twenty ways to slow a training down."""


class Outcome(msgspec.Struct, frozen=True):
    """What was found for a planted cause.

    Attributes:
        planted: The id of the planted cause.
        causes: The causes that were found, the largest gain first.
        true: The gain of the mended file, with its interval.
        seconds: The time that it took.
    """

    planted: str
    causes: tuple[Cause, ...]
    true: Gain | None
    seconds: float

    @property
    def top(self) -> Cause | None:
        """The cause with the largest gain or, if none was undone, with the largest share."""
        return self.causes[0] if self.causes else None

    def right(self, planted: Planted) -> bool:
        """Whether the top cause is the planted one, and undoing it gains anything."""
        top = self.top
        if top is None or (top.gain is not None and top.gain.factor <= 1):
            return False
        return top.kind == planted.kind and planted.name in top.name

    def close(self, planted: Planted) -> bool:
        """Whether the stated gain of undoing the planted cause is within 15 % of the true one."""
        alike = [each for each in self.causes if each.kind == planted.kind and planted.name in each.name]
        stated = [each.gain.factor for each in alike if each.gain is not None]
        return bool(stated) and self.true is not None and abs(max(stated) / self.true.factor - 1) <= WITHIN


def explainer_of(sandbox: Sandbox, source: str, folder: Path, dataset: Dataset) -> Explainer:
    """Return the explainer that finds the causes in a solution."""
    path = folder / "solution.py"
    path.write_text(source)
    submission = read_submission(SubmissionFile("solution", path))
    return Explainer(Pairs(sandbox, submission, None, COURSE, dataset), COURSE, dataset, IMAGES)


def find(sandbox: Sandbox, planted: Planted, dataset: Dataset) -> Outcome:
    """Look for a planted cause, undo the likeliest ones, and let the really mended file train beside them."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        slow = explainer_of(sandbox, planted.source, Path(folder), dataset)
        worth = slow.worth_a_trial(slow.look())[:MOST]
        mended = explainer_of(sandbox, planted.mended, Path(folder), dataset)
        trials = [slow.trial(), mended.trial(), *(slow.trial(undo=each.kind, index=each.index) for each in worth)]
        before, without, *others = slow.side_by_side([stack.enter_context(trial) for trial in trials])
    tried = [judged(cause, before, after) for cause, after in zip(worth, others, strict=True)]
    causes = tuple(sorted(tried, key=lambda cause: -cause.gain.factor if cause.gain else 0.0))
    true = gain_between(before.passes, without.passes) if before.passes and without.passes else None
    return Outcome(planted.id, causes, true, time.monotonic() - began)


def run(ids: Iterable[str], out: Path) -> None:
    """Try planted causes, writing the outcomes to a file after each, and print a line for each and the totals."""
    chosen = [each for each in PLANTED if each.id in ids] or list(PLANTED)
    dataset = generate_shapes(train=3_000, test=600)
    outcomes: list[Outcome] = []
    with Sandbox.start(best_level(), threads=1, pinned=True) as sandbox:
        for planted in chosen:
            outcome = find(sandbox, planted, dataset)
            outcomes.append(outcome)
            out.write_bytes(msgspec.json.format(msgspec.json.encode(outcomes), indent=1))
            print(line(planted, outcome), flush=True)
    pairs = list(zip(chosen, outcomes, strict=True))
    right = sum(outcome.right(planted) for planted, outcome in pairs)
    close = sum(outcome.close(planted) for planted, outcome in pairs)
    print(f"top cause right in {right} of {len(pairs)}, stated gain within {WITHIN:.0%} of the true one in {close}")


def line(planted: Planted, outcome: Outcome) -> str:
    """Return a row of the table in docs/speed.md."""
    top = outcome.top
    found = f"{top.kind} {top.name}".strip() if top else "nothing"
    stated, true = words_of(top.gain if top else None), words_of(outcome.true)
    marks = f"{'yes' if outcome.right(planted) else 'no'} | {'yes' if outcome.close(planted) else 'no'}"
    return f"| `{planted.id}` | {found} | {stated} | {true} | {marks} | {outcome.seconds:.0f} |"


def words_of(gain: Gain | None) -> str:
    """Return a gain as text, with its interval if there is one."""
    if gain is None:
        return "–"
    known = gain.low is not None and gain.high is not None
    return f"{gain.factor:.2f}" + (f" ({gain.low:.2f}–{gain.high:.2f})" if known else "")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--write", type=Path, help="write the files into this folder and try nothing")
    parser.add_argument("--out", type=Path, default=Path("causes.json"))
    given = parser.parse_args()
    if given.write is None:
        run(given.ids, given.out)
        return
    given.write.mkdir(parents=True, exist_ok=True)
    for planted in PLANTED:
        (given.write / f"{planted.id}.py").write_text(planted.source)


if __name__ == "__main__":
    main()
