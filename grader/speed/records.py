"""What is measured of a training's speed, as data.

A *round* is one call of `train` in a fresh worker.  One of a submission and one of the reference run side by side, in
turns of a part of a second, so that what slows the machine down for a while slows both.  A *measurement* is all rounds
of one submission on one device and backend, raw; whatever is said about them is computed from these samples.
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
    """What a training got done in one of its turns, while the other one stood still.

    Attributes:
        seconds: How much of the turn went into steps of epochs after the first; 0 where it was before them, or
            validated.
        epochs: What share of an epoch's steps was done in them.
    """

    seconds: float
    epochs: float


class Round(msgspec.Struct, frozen=True):
    """One training in a fresh worker.

    All times are its own: while the other training of a pair has its turn, they stand still.

    Attributes:
        seed: What the worker's generators and the data were seeded with.
        cold_seconds: Loading the file, building the network, and `train` until its first step is done.
        call_seconds: The whole call of `train`, by the grader's own clock, which a submission cannot set.
        epochs: Each epoch, by a clock beside the submission; empty where `train` does not use `fit`.
        accuracy: Share of images it never saw that it predicts right afterwards, 0 to 1, judged by the grader.
        moved: Whether the weights differ from those before.
        host_mb: The most memory it used, in MiB.
        device_mb: Likewise on the device; `None` where that cannot be told.
        images: Images that reached the network in the whole call, in `fit` or without it, validation left out; `None`
            in records from before they were counted.
        stretches: What was got done in each turn, by a clock beside the submission; empty where no other training took
            turns with it, or `train` does not use `fit`.  Those of the same index in a round of the submission and in
            the reference's beside it followed each other at once.
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
        """The median training time of an epoch, the first left out, since it traces and compiles.

        With one epoch alone it is that one's; `None` without any.
        """
        seconds = [epoch.train_seconds for epoch in self.epochs]
        return statistics.median(seconds[1:] or seconds) if seconds else None


class Budget(msgspec.Struct, frozen=True):
    """What is trained in a round.

    Attributes:
        dataset: The data set's name.
        train_images: Images to train on, in all classes together.
        validation_images: Images to validate on.
        batch_size: Images a step.
        epochs: Epochs a round.
    """

    dataset: str
    train_images: int
    validation_images: int
    batch_size: int
    epochs: int

    @property
    def full_batches(self) -> int:
        """Images in all full batches of an epoch, for a last one that is not full may be left out."""
        return self.train_images // self.batch_size * self.batch_size or self.train_images


class Machine(msgspec.Struct, frozen=True):
    """What a time depends on, beside the code.

    Attributes:
        cpu: The processor's model.
        cores: Cores that may be used.
        threads: Threads that the backend computes with.
        gpu: The GPU's model; empty on the processor.
        backend: `tensorflow`, `jax` or `torch`.
        versions: Of Python, Keras, the backend and NumPy.
        isolation: The sandbox's level.
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
        """Twelve hexadecimal digits that are the same where all of this is, and only there."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:12]


class Rates(msgspec.Struct, frozen=True):
    """What a device reaches on its own, in floating-point operations a second.

    Attributes:
        matmul: Multiplying matrices.
        convolution: Convolving images as this course's networks do, forward.
    """

    matmul: float
    convolution: float


class Gain(msgspec.Struct, frozen=True):
    """How many times as fast a submission trains with one thing undone.

    Attributes:
        factor: 2 where a pass over the images takes half the time, validation and callbacks included.
        low: Where its 95% interval begins; `None` where there were too few passes for one.
        high: Where it ends, likewise.
    """

    factor: float
    low: float | None
    high: float | None


class Cause(msgspec.Struct, frozen=True):
    """What may make a submission's training slow.  It is advice, on the submission's word, and never costs a point.

    Attributes:
        kind: What it is: `input`, a pipeline that is waited for; `batch`, batches smaller than it was told to take;
            `eager`, steps that are not compiled; `recompiling`, a network that is compiled again and again;
            `validation`, more than once a pass over the images or in small batches; a `callback`; a `layer`;
            `precision`, double where single is usual; `jit` and `steps`, what XLA and several steps at a time would
            make of it.
        name: Of the callback or layer.
        index: Which of the callbacks, or of the network's layers; 0 for other kinds.
        share: Its share of the time, 0 to 1, by a clock beside the training; 0 where only a trial can tell.
        gain: What undoing it gains; `None` where it was not tried, or could not be.
        problem: Why it could not be tried; empty where it was, or was not to be.
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
        submission: Its id.
        sha256: Of its file.
        device: `cpu`, or `gpu:0` and on.
        machine: What it was measured on.
        budget: What was trained.
        status: Whether there are rounds, and if not, why.
        problem: One sentence where it is not `measured`.
        rounds: The submission's.
        reference: The reference's, each beside the submission's of the same index; empty for the reference itself.
        import_seconds: Starting Python and importing Keras, once for all rounds.
        measured_at: When it ended: see `grader.gradebook.records.utc`.
        flops: Floating-point operations of one epoch's training; `None` where the network cannot be examined.
        rates: What the device reaches on its own; `None` where it was not measured.
        causes: What may make the training slow, the likeliest first: by what undoing it gains where that was tried,
            else by its share.
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
