"""Evidence about networks: what `add_conv_block` and `build_model` make, and what these networks are and do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.answers import ModelExport, NetworkFacts, layer_names
from grader.checks.common.evidence import Evidence, Examiner, are_probabilities
from grader.checks.common.hidden import one_hot
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, describe
from grader.checks.functions.evidence import first_that_works
from grader.checks.functions.task4.cases import BlockCase, BuildCase
from grader.sandbox.host.session import SubmissionError
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]
_MOST_STEPS: Final = 3
_MOST_COLUMNS: Final = 10  # the most labels to ask the loss for, since a network may have any number of outputs


class Block(msgspec.Struct, frozen=True):
    """What `add_conv_block` did to a model.

    Attributes:
        same_model: Whether the model that was given was returned.
        facts: The description of that model after the call, with only the layers of the block; see
            `examiner.describe_network`.  If the block was returned but not added, it is that of a model with the block.
        fault: What is wrong with the way in which the block was added; `None` if nothing is.
    """

    same_model: bool
    facts: NetworkFacts
    fault: Exception | None = None


class Blocks(Evidence):
    """What `add_conv_block` adds to a model, for each case."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner

    def added(self, case: BlockCase) -> Block:
        """Add two blocks to a model that only rescales, and describe the first of them.

        Raises:
            CheckFailed: If no block was added or returned.
        """

        def gather() -> Block:
            size, channels, filters = case
            shape = (size, size, channels)
            model = self.student.tools.sequential(shape)
            given = layer_names(self.student.export(model)["config"])
            shown = Shown(model, f"keras.Sequential([keras.Input({shape}), keras.layers.Rescaling(1 / 255)])")
            returned = self.student.call("add_conv_block", shown, filters)
            example = self.student.example
            export = self.student.export(model)
            before = layer_names(export["config"])
            fault: Exception | None = None
            if before == given:
                fault = CheckFailed(
                    "The block should be added to the model that is given, but that model has no more layers after "
                    "the call.",
                    hint="Call model.add(...) on the parameter itself, not on a new or copied model.",
                )
                with_it = self.student.tools.with_block(model, returned)
                if with_it is None:
                    raise fault
                export = self.student.export(with_it)
            elif before[: len(given)] != given:
                fault = _NOT_ON_TOP
            rebuilt = self.examiner.rebuild(export["config"], export["weights"])
            facts = self.examiner.describe_network(rebuilt)
            own = [layer for layer in facts["layers"] if layer["kind"] != "InputLayer"]
            there_before = fault is not _NOT_ON_TOP and own and own[0]["kind"] == "Rescaling"
            facts = {**facts, "layers": own[1:] if there_before else own}
            if fault is None:
                fault = self._fault_of_second(shown, filters, before)
            self.student.example = example
            return Block(isinstance(returned, Handle) and returned == model, facts, fault)

        return self.once(case, gather)

    def _fault_of_second(self, model: Shown, filters: int, before: list[str]) -> Exception | None:
        try:
            self.student.call("add_conv_block", model, filters)
        except SubmissionError as error:
            return error
        after = layer_names(self.student.export(model.value)["config"])
        if len(after) > len(before) and after[: len(before)] == before:
            return None
        return CheckFailed(
            "A second block should be added on top of the first, but the layers that were there did not stay, or none "
            "were added.",
            hint="Call model.add(...) for each layer of the block, and take none away.",
        )


_NOT_ON_TOP: Final = CheckFailed(
    "The block should be added on top of the layers that the model has, but they did not stay.",
    hint="Call model.add(...) for each layer of the block, and take none away.",
)


class Network(msgspec.Struct, frozen=True):
    """A network that `build_model` returned.

    Attributes:
        handle: The network itself, in the student's worker.
        export: The network as data; see `toolbox.export_model`.
        rebuilt: The network that was rebuilt in the examiner.
        facts: The description of the rebuilt network; see `examiner.describe_network`.
    """

    handle: Handle
    export: ModelExport
    rebuilt: Handle
    facts: NetworkFacts


class Networks(Evidence):
    """The networks that `build_model` returns, and what these are and do."""

    def __init__(self, student: Student, examiner: Examiner) -> None:
        super().__init__(student)
        self.examiner = examiner
        self.usual_case = BuildCase(student.subject.image_shape, len(student.subject.classes))

    def built(self, case: BuildCase | None = None, *, copy: int = 0) -> Network:
        """Return the network for a case.

        Args:
            case: The arguments; `None` for a call without arguments.
            copy: A number that tells calls with the same arguments apart.
        """

        def gather() -> Network:
            arguments: dict[str, Any] = (
                {} if case is None else {"input_shape": case.input_shape, "num_classes": case.num_classes}
            )
            returned = self.student.call("build_model", **arguments)
            export = self.export(returned)
            rebuilt = self.examiner.rebuild(export["config"], export["weights"])
            return Network(returned, export, rebuilt, self.examiner.describe_network(rebuilt))

        return self.once(("built", case, copy), gather)

    def usual(self) -> Network:
        """Return the network for the course's images and classes.

        It is built without arguments, or with them if the defaults are not the course's, which costs another check.
        """
        network = self.built()
        if self._is_usual(network):
            return network
        with contextlib.suppress(CheckFailed, SubmissionError):
            asked = self.built(self.usual_case)
            return asked if self._is_usual(asked) else network
        return network

    def _is_usual(self, network: Network) -> bool:
        shapes = tuple(network.facts["input_shape"]), tuple(network.facts["output_shape"])
        return shapes == (self.usual_case.input_shape, (self.usual_case.num_classes,))

    def export(self, returned: Any) -> ModelExport:
        """Return a network as data.

        Raises:
            CheckFailed: If it is not a Keras model, or was not given its input shape.
        """
        export = self.student.tools.export_model(returned) if isinstance(returned, Handle) else None
        if export is None or not export["model"]:
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
        """Return a network's answers to images, float32 of shape (n, classes)."""
        return self.examiner.run_network(network.rebuilt, x)

    def probabilities(self, network: Network, x: Array) -> Array:
        """Return a network's answers as probabilities, after a softmax if they are not, which costs another check."""
        return as_probabilities(self.answers(network, x))

    def telling_images(self) -> Array:
        """Return eight float images, at the scale at which the answers of the fresh network differ most.

        Raises:
            CheckFailed: If the network does not give finite answers, one for each of two or more classes.
        """

        def gather() -> Array:
            network = self.usual()
            noise = np.random.default_rng(1).uniform(0, 255, (32, *self.usual_case.input_shape)).astype(np.float32)
            noise *= np.linspace(0.05, 1, 32, dtype=np.float32).reshape(-1, 1, 1, 1)
            found: list[tuple[float, Array]] = []
            scaled = [noise * np.float32(scale) for scale in (1.0, 1 / 255, 1 / 20, 10.0, 100.0)]
            every = self.answers(network, np.concatenate(scaled))  # one call, since each has a fixed cost
            for images, raw in zip(scaled, np.split(every, len(scaled)), strict=True):
                answers = as_probabilities(raw)
                if answers.ndim != 2 or not np.all(np.isfinite(answers)) or answers.shape[1] < 2:
                    continue
                unsure = (answers.max(axis=1) < 0.98) & (answers.min(axis=1) > 1e-4)
                spread = np.where(unsure, np.ptp(answers, axis=1), 0)
                best = np.argsort(spread)[::-1][:8]
                found.append((float(spread[best[0]]), images[best]))
            if not found:
                raise CheckFailed(
                    "The network should give one finite probability a class, but it does not.",
                    hint="End the network with a Dense layer of num_classes units and the activation softmax.",
                )
            return max(found, key=lambda pair: pair[0])[1]

        return self.once("telling", gather)

    def judged(self) -> tuple[Array, list[dict[str, float]]]:
        """Return the probabilities of one image, and the model's loss and metrics for it with each class as the label.

        The labels are one-hot, or numbers if the model does not take one-hot labels.
        """

        def gather() -> tuple[Array, list[dict[str, float]]]:
            network = self.usual()
            image = self.telling_images()[:1]
            probabilities = self.probabilities(network, image)[0]
            self.require_compiled(network)
            columns = range(min(len(probabilities), _MOST_COLUMNS))

            def judge(kind: Callable[[int], Array]) -> list[dict[str, float]]:
                return [self.student.tools.judge(network.handle, image, kind(column)) for column in columns]

            one_hot_rows = partial(judge, lambda column: one_hot([column], len(probabilities)))
            numbers = partial(judge, lambda column: np.array([[column]]))
            return probabilities, first_that_works([one_hot_rows, numbers])

        return self.once("judged", gather)

    def require_compiled(self, network: Network) -> None:
        """Raise `CheckFailed` if a network was not compiled."""
        if not network.export["compiled"]:
            raise CheckFailed(
                "The model should be compiled, but it is not.",
                hint="Call model.compile with an optimizer, a loss and metrics before you return it.",
            )

    def after_steps(self) -> list[Array]:
        """Train a network for a few steps, once everything else has been asked of it, and return its weights.

        There are as many steps as it takes to change every convolution, but not more than three.  One step is not
        always enough: if the last layer starts at zero, it changes no convolution.
        """

        def gather() -> list[Array]:
            with contextlib.suppress(CheckFailed, SubmissionError):  # the checks about losses report this
                self.judged()
            network = self.usual()
            images = self.telling_images()
            classes = self.answers(network, images[:1]).shape[1]
            numbers = [row % classes for row in range(len(images))]
            before = network.export["weights"]

            def steps(labels: Array) -> list[Array]:
                after = before
                for _ in range(_MOST_STEPS):
                    self.student.tools.step(network.handle, images, labels)
                    after = self.student.weights(network.handle, like=before)
                    if not unchanged_kernels(before, after):
                        break
                return list(after)

            def compiled_anew() -> list[Array]:
                self.student.tools.compile_plainly(network.handle)
                return steps(one_hot(numbers, classes))

            ways = [partial(steps, one_hot(numbers, classes)), partial(steps, np.array(numbers).reshape(-1, 1))]
            return first_that_works([*(ways if network.export["compiled"] else []), compiled_anew])

        return self.once("steps", gather)

    def second(self) -> Network:
        """Return a second network from the same call, made after every weight of the first network was changed."""

        def gather() -> Network:
            first = self.usual()
            with contextlib.suppress(CheckFailed, SubmissionError):  # the check about learning reports this
                self.after_steps()
            self.student.tools.perturb(first.handle)
            return self.built(None if first is self.built() else self.usual_case, copy=1)

        return self.once("second", gather)


def as_probabilities(answers: Array) -> Array:
    """Return a network's answers as probabilities, after a softmax if they are numbers of another kind."""
    if answers.ndim != 2 or not np.all(np.isfinite(answers)) or are_probabilities(answers):
        return answers
    powers: Array = np.exp(answers - answers.max(axis=1, keepdims=True))
    probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def kernels(weights: list[Array]) -> list[int]:
    """Return the indices of the kernels of convolutions; of dense layers in a network without convolutions."""
    for least in (3, 2):
        found = [index for index, weight in enumerate(weights) if weight.ndim >= least and weight.dtype.kind == "f"]
        if found:
            return found
    return []


def unchanged_kernels(before: list[Array], after: list[Array]) -> list[int]:
    """Return the indices of the kernels that are the same before and after training; see `kernels`."""
    return [index for index in kernels(before) if np.array_equal(before[index], after[index])]
