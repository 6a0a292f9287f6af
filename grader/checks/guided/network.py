"""The network of a guided program, and what the examiner says of it."""

from __future__ import annotations

from grader.checks.common.answers import NetworkFacts
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.checks.guided.notes import Note
from grader.checks.guided.observed import Observed
from grader.sandbox.wire.frames import Handle


def network_of(observed: Observed) -> Note:
    """Return the note that says most about the judged network: of fit, of a summary or a prediction, or of compiling.

    Raises:
        NotRun: If there is no network, which the first check of this task reports.
    """
    judged = observed.fit()
    if judged is not None and not judged[0].of_stand_in:
        return judged[0]
    for kinds in (("summary", "predict"), ("compile",)):
        for note in reversed(observed.of_kind(*kinds)):
            if note.layers and not note.of_stand_in:
                return note
    raise NotRun("there is no network.")


def described_network(observed: Observed) -> tuple[Note, Handle, NetworkFacts]:
    """Return the note about the network, the network rebuilt in the examiner, and its description there.

    Raises:
        CheckFailed: If it cannot be rebuilt.
    """
    note = network_of(observed)
    if not note.config:
        raise CheckFailed(
            "The network should be made of Keras' own layers, so that it can be judged, but it cannot be written down.",
            hint="Use Keras' own layers.",
            line=note.line,
        )
    key = "config"
    if key not in observed.remembered:
        rebuilt = observed.examiner.rebuild(note.config)
        observed.remembered[key] = (rebuilt, observed.examiner.describe_network(rebuilt))
    rebuilt, facts = observed.remembered[key]
    return note, rebuilt, facts


def layer_kinds(observed: Observed, note: Note) -> list[str]:
    """Return the classes of the layers of a network, as the examiner sees them if it can rebuild it."""
    if note.config:
        return [layer["kind"] for layer in described_network(observed)[2]["layers"]]
    return note.layers
