"""Mutation testing of the checks: they should catch every mutant of the reference solution.

`python -m tests.mutate_reference [FUNCTION...]` (tox -e mutation) has mutmut change the reference in one place at a
time, grades the mutant's task in the profile quick, and writes docs/generated/mutation-reference.md. A mutant that
survives must still satisfy the contract, for a reason in `SOUND`. Otherwise it is a gap in the checks, and the exit
status is 1. With the names of functions, only their mutants are tried and listed on the page.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from grader.assignment import contract
from grader.course import Course, Settings
from grader.grading.batch import default_jobs, grade_all
from grader.ground.files import write_whole
from grader.results.scoring import Graded, Result
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile
from grader.submissions.reference import write_reference
from tests.mutation import Mutant, Reasons, mutants, reason, survivors, table

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "generated" / "mutation-reference.md"

SOUND: Final[Reasons] = (
    ("", r"raise ValueError\(", "only the words of an error"),
    (
        "train",
        r"for name, (x, y|number) in ",
        "only the name that an error about wrong arguments has for them",
    ),
    (
        "",
        r"if len\((x|classes)\) |if count |np\.shape\(|if num_classes |if number |if name |expected =",
        "only what wrong arguments give rise to, of which the contract says nothing",
    ),
    (
        "build_model",
        r"if min\(input_shape",
        "only images of less than 10 pixels a side: the contract names 32, and says nothing of what is too small",
    ),
    (
        "",
        r"^[-+]def ",
        "another default: the checks give every argument of this function, and so may whoever calls it",
    ),
    ("subset_data", r"reshape\(-2\)", "NumPy takes any negative length for the one that is unknown"),
    ("subset_data", r"astype\(None\)", "float64 is a float type too"),
    ("show_examples", r"default_rng\(None\)", "the contract does not ask for the same images from the same seed"),
    ("show_examples", r"'(XX)?(black|red|BLACK|RED)", "the colour of a title"),
    (
        "show_examples",
        r"figsize|layout=|fontsize|cmap=|vmin|vmax|color=|rows = max\(2|axis\((None|'XXoffXX'|'OFF')\)",
        "the size, layout, letters and frame of a picture: looks alone",
    ),
    ("plot_history", r"range\(", "where the axis of epochs begins: the contract names no number for the first epoch"),
    (
        "plot_history",
        r"^\+.*'(XXtrainingXX|TRAINING|XXvalidationXX|VALIDATION|XXepochXX|EPOCH|XXaccuracyXX|ACCURACY)'",
        "other capitals, or letters around the same word, which still tells lines and axes apart",
    ),
    (
        "plot_history",
        r"figsize|layout=|alpha=|marker=|set_major_locator|grid\(|title=",
        "the size, layout, marks, grid and title of a figure: looks alone",
    ),
    (
        "build_model",
        r"^\+.*Rescaling\((1 \* 255|2 / 255|1 / 256)\)",
        "another scale, the same for training and prediction; the batch normalisation behind the first convolution "
        "takes it out again",
    ),
    (
        "build_model",
        r"^\+.*(RandomFlip\((None|'XXhorizontalXX'|'HORIZONTAL')\)|RandomTranslation\()",
        "other images are made for training, or none: the contract asks for no augmentation, and Keras mirrors nothing "
        "where it does not know the mode",
    ),
    (
        "",
        r"^\+.*Conv2D\(.*use_bias=(None|True)|^\+.*Conv2D\(\w+, 3, padding='same'\)",
        "a bias in front of a batch normalisation, which takes it out again",
    ),
    (
        "",
        r"^\+.*Conv2D\(",
        "another number of filters inside the network, another kernel, or no padding: the contract leaves these to the "
        "student",
    ),
    ("build_model", r"^\+.*add_conv_block\(model, (65|129)\)", "another number of filters inside the network"),
    ("", r"^\+.*MaxPooling2D\(3\)", "pooling by 3: at least half of height and width, as the contract says"),
    ("", r"^\+.*BatchNormalization\(", "another momentum, Keras' own among them: how fast averages follow"),
    (
        "",
        r"^\+.*Activation\(None\)",
        "one activation less among several: the network is convolutional still; how well it learns is measured in the "
        "profile standard",
    ),
    ("build_model", r"^\+.*Dropout\(", "another share of dropout, which the contract does not name"),
    (
        "build_model",
        r"^\+.*ExponentialDecay\((1\.002|0\.002, decay_steps=501|0\.002, decay_steps=500, decay_rate=1\.5)"
        r"|^\+.*ExponentialDecay\(0\.002, decay_(steps|rate)=[\d.]+\)|^\+.*compile\(loss=",
        "another learning rate or optimizer, which the contract leaves to the student; how well the network learns "
        "with it is measured in the profile standard",
    ),
    (
        "train",
        r"^\+.*monitor='val_accuracy', (mode=(None|'XXmaxXX'|'MAX'), )?(patience|save_best_only)",
        "where Keras does not know the mode it goes by the name of the quantity, of which more is better",
    ),
    ("predict", r"verbose=|model\.predict\(x\)", "printing costs no mark"),
)
"""Surviving mutants that still satisfy the contract, with the reasons."""


def killed(result: Result) -> bool:
    """Whether a check caught the mutant."""
    assert result.status == "graded", result.problem
    return any(check.status != "passed" for check in result.checks)


def main(functions: list[str]) -> int:
    """Grade the mutants of some functions, or of all, and write the page."""
    with tempfile.TemporaryDirectory(prefix="grader-") as name:
        folder = Path(name)
        write_reference(folder / "reference.py")
        every = mutants((folder / "reference.py").read_text())
        found = {mutant.name: mutant for mutant in every if not functions or mutant.function in functions}
        alive: list[Mutant] = []

        def on_graded(graded: Graded) -> None:
            mutant = found[graded.result.submission.id]
            if not killed(graded.result):
                alive.append(mutant)
                print(
                    f"survived: {mutant.name} {reason(mutant, SOUND) or 'NO REASON'}\n  " + "\n  ".join(mutant.change),
                    flush=True,
                )

        for task in contract.TASKS:
            chosen = [mutant for mutant in found.values() if contract.function(mutant.function).task == task.number]
            files = [SubmissionFile(mutant.name, folder / f"{mutant.name}.py") for mutant in chosen]
            for mutant, file in zip(chosen, files, strict=True):
                file.path.write_text(mutant.source)
            settings = Settings(Course(), "quick", frozenset((task.number,)), best_level())
            if files:
                grade_all(files, settings, jobs=default_jobs(settings), on_graded=on_graded)
    write_whole(PAGE, page(list(found.values()), alive).encode())
    print(f"{len(found) - len(alive)} of {len(found)} mutants killed, {len(alive)} alive: {PAGE}")
    return 1 if any(not reason(mutant, SOUND) for mutant in alive) else 0


def page(found: list[Mutant], alive: list[Mutant]) -> str:
    """Return a Markdown page with the survivors and the reasons."""

    def why(mutant: Mutant) -> str:
        return reason(mutant, SOUND)

    alive = sorted(alive, key=found.index)
    functions = dict.fromkeys(mutant.function for mutant in found)
    counts = [[sum(mutant.function == one for mutant in group) for group in (found, alive)] for one in functions]
    lines = [
        "# Mutants of the reference",
        "",
        f"[mutmut](https://mutmut.readthedocs.io) made {len(found)} mutants of the reference, each with one change in "
        f"one function. The checks of the profile quick catch {len(found) - len(alive)}. Of the {len(alive)} others "
        f"{sum(bool(why(mutant)) for mutant in alive)} still do what the contract says, for the reasons below.",
        "",
        *table("function", [(one, made, left) for one, (made, left) in zip(functions, counts, strict=True)]),
        "",
        "Written by `tox -e mutation`.",
        *survivors(alive, why),
    ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
