"""The records of training speed measurements.

A *round* is one call of `train` in a fresh worker.  A round of a submission and a round of the reference run side by
side, in turns of a part of a second, so that what slows the machine down for a while slows both.  A *measurement* holds
all rounds of one submission on one device and backend as raw samples, from which all statistics are computed.
"""

from __future__ import annotations

import hashlib
import statistics
from typing import Annotated, Literal

import msgspec

from grader.results.artefacts import Epoch as Epoch

Status = Literal["measured", "no_device", "no_backend", "out_of_memory", "failed"]

Kind = Literal["input", "batch", "eager", "recompiling", "validation", "callback", "layer", "precision", "jit", "steps"]


class Stretch(msgspec.Struct, frozen=True):
    """The work that a training did in one of its turns, while the other training stood still.

    Attributes:
        seconds: The time in the turn that went into steps, in seconds; 0 if there were none.  The first turn, which
            traces and compiles, does not count.
        epochs: The share of an epoch's steps that was done in that time.
    """

    seconds: float
    epochs: float


class Round(msgspec.Struct, frozen=True):
    """One training in a fresh worker.

    All times are the training's own: they stand still while the other training of a pair has its turn.

    Attributes:
        seed: The seed of the worker's random generators and of the data.
        cold_seconds: The time for loading the file, building the network, and `train` until its first step is done.
        call_seconds: The time for the whole call of `train`, by the grader's own clock, which a submission cannot set.
        epochs: The times of each epoch, by a clock beside the submission; empty if `train` does not use `fit`.
        accuracy: The share of unseen images that it predicts right afterwards, 0 to 1, judged by the grader.
        moved: Whether the weights differ from those before the training.
        host_mb: The peak memory of the worker, in MiB.
        device_mb: The peak memory on the device, in MiB; `None` if it is not known.
        images: The number of images that reached the network in the whole call, in `fit` or without it, validation left
            out; `None` in records from before they were counted.
        stretches: The work done in each turn, by a clock beside the submission; empty if no other training took turns
            with it, or if `train` does not use `fit`.  Turns of the same index in a round of the submission and in the
            reference's beside it directly followed each other.
    """

    seed: int
    cold_seconds: float
    call_seconds: float
    epochs: tuple[Epoch, ...]
    accuracy: float
    moved: bool
    host_mb: float
    device_mb: float | None = None
    images: int | None = None
    stretches: tuple[Stretch, ...] = ()

    @property
    def steady_seconds(self) -> float | None:
        """The median training time of an epoch, in seconds, without the first epoch, which traces and compiles.

        If there is only one epoch, it is the time of that one; `None` if there is none.
        """
        seconds = [epoch.train_seconds for epoch in self.epochs]
        return statistics.median(seconds[1:] or seconds) if seconds else None


class Budget(msgspec.Struct, frozen=True):
    """What is trained in a round.

    Attributes:
        dataset: The name of the data set.
        train_images: The number of training images of all classes together.
        validation_images: The number of validation images.
        batch_size: The number of images in a batch.
        epochs: The number of epochs.
    """

    dataset: str
    train_images: int
    validation_images: int
    batch_size: int
    epochs: int

    @property
    def full_batches(self) -> int:
        """The number of images in the full batches of an epoch, since a last batch that is not full may be left out."""
        return self.train_images // self.batch_size * self.batch_size or self.train_images


class Machine(msgspec.Struct, frozen=True):
    """What a time depends on besides the code: hardware, settings and versions.

    Attributes:
        cpu: The processor's model.
        cores: The number of cores that may be used.
        threads: The number of threads that the backend computes with.
        gpu: The GPU's model; empty on the processor.
        backend: `tensorflow`, `jax` or `torch`.
        versions: The versions of Python, Keras, the backend and NumPy.
        isolation: The isolation level of the sandbox.
    """

    cpu: str
    cores: int
    threads: int
    gpu: str
    backend: str
    versions: dict[str, str]
    isolation: str

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that identify the combination of all attributes."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:12]


class Rates(msgspec.Struct, frozen=True):
    """The best rates that a device reaches by itself, in floating-point operations a second.

    Attributes:
        matmul: The rate of multiplying matrices.
        convolution: The rate of convolving images as this course's networks do, forward.
    """

    matmul: float
    convolution: float


class Gain(msgspec.Struct, frozen=True):
    """How many times as fast a submission trains with one thing undone.

    Attributes:
        factor: The factor: 2 if a pass over the images, validation and callbacks included, takes half the time.
        low: The lower end of its 95% interval; `None` if there were too few passes for one.
        high: The upper end of its 95% interval; `None` if there were too few passes for one.
    """

    factor: float
    low: float | None
    high: float | None


class Cause(msgspec.Struct, frozen=True):
    """Something that may make a submission's training slow.

    It is advice that relies on the submission's word, and never costs a point.

    Attributes:
        kind: What it is: `input`, waiting for the input pipeline; `batch`, batches smaller than `train` was told to
            use; `eager`, steps that are not compiled; `recompiling`, a network that is compiled again and again;
            `validation`, more than once in a pass over the images or in small batches; `callback`, one of the
            callbacks; `layer`, one of the layers; `precision`, double where single is usual; `jit`, no compiling by
            XLA; `steps`, only one step per execution.
        name: The name of the callback or layer.
        index: The index of the callback, or of the network's layer; 0 for other kinds.
        share: Its share of the time, 0 to 1, by a clock beside the training; 0 if only a trial can tell.
        gain: The speed gained by undoing it; `None` if that was not tried, or failed.
        problem: Why the trial failed; empty if it did not, or if there was none.
    """

    kind: Kind
    name: Annotated[str, msgspec.Meta(max_length=300)] = ""
    index: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    gain: Gain | None = None
    problem: str = ""


class Measurement(msgspec.Struct, frozen=True):
    """All rounds of one submission on one device and backend.

    Attributes:
        submission: The submission's id.
        sha256: The SHA-256 digest of its file.
        device: `cpu`, or `gpu:0`, `gpu:1` and so on.
        machine: The machine it was measured on.
        budget: What was trained in each round.
        status: `measured` if there are rounds, otherwise why there are none.
        problem: One sentence about what went wrong; empty if the status is `measured`.
        rounds: The rounds of the submission.
        reference: The rounds of the reference, each measured beside the submission's round of the same index; empty
            for the reference itself.
        import_seconds: The time for starting Python and importing Keras, once for all rounds.
        measured_at: When it ended, in UTC; see `grader.ground.text.utc`.
        flops: The floating-point operations of training for one epoch; `None` if the network cannot be examined.
        rates: The rates that the device reaches by itself; `None` if they were not measured.
        causes: What may make the training slow, the likeliest first.  They are ordered by what undoing them gains if
            that was tried, otherwise by their share.
    """

    submission: str
    sha256: str
    device: str
    machine: Machine
    budget: Budget
    status: Status
    problem: str = ""
    rounds: tuple[Round, ...] = ()
    reference: tuple[Round, ...] = ()
    import_seconds: float = 0.0
    measured_at: str = ""
    flops: float | None = None
    rates: Rates | None = None
    causes: tuple[Cause, ...] = ()
