"""Evidence about networks: what `add_conv_block` and `build_model` make, and what that is and does."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.answers import layer_names
from grader.checks.common.evidence import Evidence, Examiner
from grader.checks.common.hidden import one_hot
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, describe
from grader.checks.functions.strategies import BuildCase
from grader.sandbox.host.session import SubmissionError
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]

_MOST_STEPS: Final = 3
_MOST_COLUMNS: Final = 10  # labels that the loss is looked at for; a network may have any number of outputs

BlockCase = tuple[int, int, int]
"""Height and width, channels, and filters."""


class Block(msgspec.Struct, frozen=True):
    """What `add_conv_block` did to a model.

    Attributes:
        same_model: Whether the model that was given came back.
        facts: What `examiner.describe_network` says of that model after the call, its layers those of the block.
    """

    same_model: bool
    facts: dict[str, Any]


class Blocks(Evidence):
    """What `add_conv_block` does."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner

    def added(self, case: BlockCase) -> Block:
        """Two blocks added to a model that only rescales, of which the first is described.

        Raises:
            CheckFailed: A block was not added to the model.
        """

        def gather() -> Block:
            size, channels, filters = case
            shape = (size, size, channels)
            model = self.student.tool("sequential", shape)
            given = layer_names(self.student.export(model)["config"])
            shown = Shown(model, f"keras.Sequential([keras.Input({shape}), keras.layers.Rescaling(1 / 255)])")
            returned = self.student.call("add_conv_block", shown, filters)
            example = self.student.example
            export = self.student.export(model)
            before = layer_names(export["config"])
            if before == given:
                raise CheckFailed(
                    "The block should be added to the model that is given, but that model has no more layers after "
                    "the call.",
                    hint="Call model.add(...) on the parameter itself, not on a new or copied model.",
                )
            if before[: len(given)] != given:
                raise CheckFailed(
                    "The block should be added on top of the layers that the model has, but they did not stay.",
                    hint="Call model.add(...) for each layer of the block, and take none away.",
                )
            rebuilt = self.examiner.ask("rebuild", export["config"], list(export["weights"]))
            facts = self.examiner.ask("describe_network", rebuilt)
            facts = facts | {"layers": facts["layers"][1:]}  # without the one that was there
            self.student.call("add_conv_block", shown, filters)
            self.student.example = example
            after = layer_names(self.student.export(model)["config"])
            if len(after) <= len(before) or after[: len(before)] != before:
                raise CheckFailed(
                    "A second block should be added on top of the first, but the layers that were there did not stay, "
                    "or none were added.",
                    hint="Call model.add(...) for each layer of the block, and take none away.",
                )
            return Block(isinstance(returned, Handle) and returned == model, facts)

        return self.once(case, gather)


class Network(msgspec.Struct, frozen=True):
    """A network that `build_model` returned.

    Attributes:
        handle: The student's own object, in the student's worker.
        export: What `toolbox.export_model` said.
        rebuilt: The network rebuilt in the examiner.
        facts: What `examiner.describe_network` says of it.
    """

    handle: Handle
    export: dict[str, Any]
    rebuilt: Handle
    facts: dict[str, Any]


class Networks(Evidence):
    """What `build_model` returns, and what the networks are and do."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner

    def built(self, case: BuildCase | None = None, *, copy: int = 0) -> Network:
        """The network for a case; `None` is the call without arguments, `copy` tells several such calls apart."""

        def gather() -> Network:
            arguments: dict[str, Any] = (
                {} if case is None else {"input_shape": case.input_shape, "num_classes": case.num_classes}
            )
            returned = self.student.call("build_model", **arguments)
            export = self.export(returned)
            rebuilt = self.examiner.ask("rebuild", export["config"], list(export["weights"]))
            return Network(returned, export, rebuilt, self.examiner.ask("describe_network", rebuilt))

        return self.once(("built", case, copy), gather)

    def export(self, returned: Any) -> dict[str, Any]:
        """A network as data.

        Raises:
            CheckFailed: It is no Keras model, or was not given its input shape.
        """
        export = self.student.tool("export_model", returned) if isinstance(returned, Handle) else {}
        if not export.get("model"):
            raise CheckFailed(
                f"`build_model` should return a keras.Sequential, but it returned {describe(returned)}.",
                hint="End the function with `return model`.",
            )
        if not export["built"]:
            raise CheckFailed(
                "The network should know its input shape, but it was not given one.",
                hint="Begin it with keras.Input(shape=input_shape).",
            )
        return export

    def answers(self, network: Network, x: Array) -> Array:
        """What a network says to images, as float32 of shape (n, classes)."""
        return np.asarray(self.examiner.ask("run_network", network.rebuilt, x))

    def telling_images(self) -> Array:
        """Float images, shape (8, 32, 32, 3), at the scale at which the fresh network's answers differ most.

        Raises:
            CheckFailed: The network does not give finite answers, one for each of two or more classes.
        """

        def gather() -> Array:
            network = self.built()
            noise = np.random.default_rng(1).uniform(0, 255, (32, 32, 32, 3)).astype(np.float32)
            noise *= np.linspace(0.05, 1, 32, dtype=np.float32).reshape(-1, 1, 1, 1)
            found: list[tuple[float, Array]] = []
            for scale in (1.0, 1 / 255, 1 / 20, 10.0, 100.0):
                answers = self.answers(network, noise * np.float32(scale))
                if answers.ndim != 2 or not np.all(np.isfinite(answers)) or answers.shape[1] < 2:
                    continue
                unsure = (answers.max(axis=1) < 0.98) & (answers.min(axis=1) > 1e-4)
                spread = np.where(unsure, np.ptp(answers, axis=1), 0)
                best = np.argsort(spread)[::-1][:8]
                found.append((float(spread[best[0]]), noise[best] * np.float32(scale)))
            if not found:
                raise CheckFailed(
                    "The network should give one finite probability a class, but it does not.",
                    hint="End the network with a Dense layer of num_classes units and the activation softmax.",
                )
            return max(found, key=lambda pair: pair[0])[1]

        return self.once("telling", gather)

    def judged(self) -> tuple[Array, list[dict[str, float]]]:
        """For one image: its probabilities, and for each class as the label what loss and metrics the model says."""

        def gather() -> tuple[Array, list[dict[str, float]]]:
            network = self.built()
            image = self.telling_images()[:1]
            probabilities = self.answers(network, image)[0]
            self.require_compiled(network)
            columns = range(min(len(probabilities), _MOST_COLUMNS))
            labels = [one_hot([column], len(probabilities)) for column in columns]
            logs = [self.student.tool("judge", network.handle, image, label) for label in labels]
            return probabilities, logs

        return self.once("judged", gather)

    def require_compiled(self, network: Network) -> None:
        """Raise `CheckFailed` for a network that was not compiled."""
        if not network.export["compiled"]:
            raise CheckFailed(
                "The model should be compiled, but it is not.",
                hint="Call model.compile with an optimizer, a loss and metrics before you return it.",
            )

    def after_steps(self) -> list[Array]:
        """The weights after training steps on a few images, which come after all of the above.

        There are as many steps as it takes to change every convolution, up to a few: after one step alone, a network
        whose last layer starts at zero has not yet changed them.
        """

        def gather() -> list[Array]:
            probabilities, _ = self.judged()
            network = self.built()
            images = self.telling_images()
            labels = one_hot([row % len(probabilities) for row in range(len(images))], len(probabilities))
            before = after = network.export["weights"]
            for _ in range(_MOST_STEPS):
                self.student.tool("step", network.handle, images, labels)
                after = self.student.weights(network.handle, like=before)
                if not unchanged_kernels(before, after):
                    break
            return list(after)

        return self.once("steps", gather)

    def second(self) -> Network:
        """A second network from the call without arguments, after every weight of the first was changed."""

        def gather() -> Network:
            first = self.built()
            with contextlib.suppress(CheckFailed, SubmissionError):  # reported by the checks that are about it
                self.after_steps()
            self.student.tool("perturb", first.handle)
            return self.built(copy=1)

        return self.once("second", gather)


def kernels(weights: list[Array]) -> list[int]:
    """Which of a network's weights are those of convolutions."""
    return [index for index, weight in enumerate(weights) if weight.ndim >= 3 and weight.dtype.kind == "f"]


def unchanged_kernels(before: list[Array], after: list[Array]) -> list[int]:
    """Which weights of convolutions are the same before and after training."""
    return [index for index in kernels(before) if np.array_equal(before[index], after[index])]
