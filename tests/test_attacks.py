"""Tests that a hostile submission gains nothing, is graded in time, and leaves no trace for the next one.

Each file in `tests/attacks/` is appended to the sound solution `plain.py`.  It begins with a sentence that says what
it tries, followed by header comments:

    # function: show_examples     the function of the contract that it replaces; `setup` for the file as a whole
    # earns: none                 the most points that the function's checks may give
    # because: text               what the feedback on one of them says
    # landlock: text              why the level `landlock` does not promise to hold it; it is not tried there

An attack may earn what its *honest twin* earns, which gives the same answer without the trick.  Most give no answer,
so they earn `none`; those that answer correctly and do something else besides earn `all`.  A number is what a plainly
wrong answer of that form earns, such as one point for not changing the inputs.

`python -m tests.test_attacks` updates the table in `docs/security.md`.

All attacks are graded in one sandbox, one after another, and after each a fresh worker looks for traces of it.  At the
end, the sound solution must get full marks there.  At the level `landlock` the default run tries a few attacks; with
`GRADER_WHOLE_CORPUS` it tries all.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from rich.console import Console

from grader.assignment import contract
from grader.course import Course, CourseLimits, Settings
from grader.grading.batch import make_report
from grader.grading.judging import grade
from grader.grading.slots import Slot
from grader.reports import markdown, terminal
from grader.results.scoring import Result
from grader.sandbox.host.launch import why_not
from grader.submissions import SubmissionFile, read_submission

FOLDER: Final = Path(__file__).parent / "attacks"
ATTACKS: Final = sorted(FOLDER.glob("*.py"))
HONEST: Final = Path(__file__).parent / "wheats" / "plain.py"
TASK_OF: Final = {function.name: function.task for function in contract.FUNCTIONS} | {"setup": 1}
DOCUMENTED: Final = Path(__file__).parent.parent / "docs" / "security.md"
BEGIN: Final = "<!-- table of attacks: python -m tests.test_attacks -->\n"
END: Final = "<!-- end of the table -->\n"
LIMITS: Final = CourseLimits(call_seconds=5, load_seconds=5, processes=30, memory_mb=1200)
TRAINING_LIMITS: Final = msgspec.structs.replace(LIMITS, call_seconds=60)
MOST_SECONDS: Final = 120.0
"""Far more seconds than the limits allow for one attack, even on a busy machine."""

SLOW: Final = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
LEVELS: Final = ("namespaces", "landlock")
A_FEW: Final = (
    "becomes-another-program",
    "kills-everything",
    "leaves-files",
    "leaves-sockets",
    "leaves-survivors",
    "reads-answers-on-disk",
    "reads-other-processes",
    "wire-two-processes-answer",
)
"""The attacks that the default run tries at the level `landlock`."""

_LOOK_AROUND: Final = """
import os, sys
def look():
    folders = ("/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~"), ".")
    files = sorted({name for folder in folders if os.path.isdir(folder) for name in names(folder)})
    sockets = names("/proc/self/net") and open("/proc/self/net/unix").read()
    import keras, numpy
    odd = [name for name in sys.modules if name in ("conftest", "sitecustomize", "attack")]
    registered = sorted(keras.saving.get_custom_objects())
    return {"files": files, "attack": "attack" in sockets, "odd": odd, "registered": registered,
            "sound": bool(numpy.allclose(1, 1)) and not numpy.allclose(1, 2)}
def names(folder):
    try:
        return os.listdir(folder)
    except PermissionError:
        return []
"""


class Attack(msgspec.Struct, frozen=True):
    """One file in `tests/attacks/`."""

    name: str
    sentence: str
    function: str
    earns: str
    because: str
    landlock: str
    source: str

    @property
    def checks(self) -> tuple[str, ...]:
        """The ids of the checks of the function that the attack replaces."""
        return tuple(check.id for check in contract.CHECKS if check.id.startswith(f"{self.function}/"))


def read_attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    sentence = re.match(r'"""(.+?)"""', text, re.DOTALL)
    header = dict(re.findall(r"^# (function|earns|because|landlock): (.+)$", text, re.MULTILINE))
    assert sentence is not None, path
    return Attack(
        path.stem,
        sentence[1],
        header["function"],
        header["earns"],
        header.get("because", ""),
        header.get("landlock", ""),
        f"{honest()}\n\n{text}",
    )


def honest() -> str:
    return HONEST.read_text(encoding="utf-8")


def cases() -> Iterator[Any]:
    """Return each attack with each isolation level that it is tried at."""
    for level in LEVELS:
        for path in ATTACKS:
            tried = level == "namespaces" or (not read_attack(path).landlock and (SLOW or path.stem in A_FEW))
            if tried:
                yield pytest.param(level, path, id=f"{path.stem}-{level}")


@pytest.fixture(scope="module")
def slots() -> Iterator[dict[str, Slot]]:
    """A slot for each isolation level for all attacks; in the end it must still grade a sound solution correctly."""
    with contextlib.ExitStack() as stack:
        settings = [Settings(Course(), "quick", frozenset(), level) for level in LEVELS if not why_not(level)]
        yield {each.level: stack.enter_context(Slot(each)) for each in settings}


@pytest.fixture(scope="module")
def untouched(slots: dict[str, Slot]) -> dict[str, Any]:
    """What a fresh worker sees at each level before any attack."""
    return {level: look_around(slot) for level, slot in slots.items()}


@pytest.fixture
def slot(request: pytest.FixtureRequest, slots: dict[str, Slot]) -> Slot:
    """The slot of one isolation level, `namespaces` unless a test says otherwise."""
    level: str = getattr(request, "param", "namespaces")
    if level not in slots:
        pytest.skip(f"attacks run where they can do no harm: {why_not(level)}")
    return slots[level]


def look_around(slot: Slot) -> Any:
    assert slot.sandbox is not None or slot.context(read_submission(SubmissionFile("honest", HONEST)))
    assert slot.sandbox is not None
    with slot.sandbox.worker(seed=0) as worker:
        worker.load(_LOOK_AROUND, ("look",))
        return worker.call("look")


def grade_attack(slot: Slot, folder: Path, source: str, task: int) -> Result:
    path = folder / "submission.py"
    path.write_text(source, encoding="utf-8")
    context = slot.context(read_submission(SubmissionFile("attack", path)))
    course = Course(limits=LIMITS if task <= 3 else TRAINING_LIMITS)
    return grade(msgspec.structs.replace(context, course=course, tasks=frozenset((task,)))).result


def processes_below(pid: int) -> list[int]:
    """Return all descendants of a process, whatever namespace they are in."""
    found: list[int] = []
    for line in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(line), *processes_below(int(line))]
    return found


def outside() -> set[str]:
    """Return the names in the folders that everybody may write to."""
    return {str(path) for folder in ("/tmp", "/dev/shm", "/var/tmp") for path in Path(folder).glob("*attack*")}


def scratch_folders(pid: int) -> list[str]:
    """Return the folders that workers of one forkserver may write to, if they have no namespaces."""
    home = re.search(rb"\0HOME=([^\0]+)", Path(f"/proc/{pid}/environ").read_bytes())
    assert home is not None
    return [path.name for path in Path(os.fsdecode(home[1])).glob("worker-*")]


@pytest.mark.parametrize(("slot", "path"), list(cases()), indirect=["slot"])
def test_an_attack_gains_nothing_and_harms_nobody(
    path: Path, slot: Slot, untouched: dict[str, Any], tmp_path: Path
) -> None:
    attack = read_attack(path)
    sandbox = slot.sandbox
    assert sandbox is not None
    before, running = outside(), processes_below(sandbox.pid)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    began = time.monotonic()
    result = grade_attack(slot, tmp_path, attack.source, TASK_OF[attack.function])
    assert time.monotonic() - began < MOST_SECONDS

    assert result.status == "graded", result.problem
    about = [check for check in result.checks if check.id in attack.checks]
    earned, worth = sum(check.points for check in about), sum(check.max_points for check in about)
    said = [(check.id, check.status, check.points, check.message) for check in about]
    assert earned <= (worth if attack.earns == "all" else 0 if attack.earns == "none" else float(attack.earns)), said
    assert attack.earns != "all" or earned == worth, said
    assert any(attack.because in check.message for check in about), said
    assert all(check.message for check in result.checks if check.status != "passed")

    assert slot.sandbox is sandbox, "the sandbox was lost"
    assert processes_below(sandbox.pid) == running, "processes are left beside the forkserver"
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert outside() == before
    assert "attack" not in Path("/proc/net/unix").read_text()
    assert look_around(slot) == untouched[sandbox.level]
    assert scratch_folders(sandbox.pid) == []


@pytest.mark.parametrize("slot", LEVELS, indirect=True)
def test_after_all_attacks_a_sound_solution_has_full_marks(slot: Slot) -> None:
    result = slot.grade(SubmissionFile("honest", HONEST)).result
    assert [(check.id, check.message) for check in result.checks if check.status != "passed"] == []


def test_dawdling_in_every_call_ends_with_the_time_for_all_of_them(slot: Slot, tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    names = ("subset_data", "show_examples", "add_conv_block", "build_model")
    dawdling = [f"def {name}(*arguments, **settings):\n    time.sleep(1)\n" for name in names]
    path.write_text("\n\n".join((honest(), "import time\n", *dawdling)))
    context = slot.context(read_submission(SubmissionFile("attack", path)))
    course = Course(limits=msgspec.structs.replace(LIMITS, grading_seconds=3))
    result = grade(msgspec.structs.replace(context, course=course, tasks=frozenset((2, 3, 4)))).result
    assert result.status == "graded", result.problem
    said = "The code used up the 3 seconds that all its calls may take together."
    assert [check.message for check in result.checks].count(said) >= 5


_SLOW_NETWORK: Final = """

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(input_shape), layers.UpSampling2D(8)])
    model.add(layers.Conv2D(512, 3))
    model.add(layers.Conv2D(512, 3))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def test_a_network_that_takes_hours_to_run_ends_with_the_time_for_all_calls(slot: Slot, tmp_path: Path) -> None:
    path = tmp_path / "submission.py"
    path.write_text(f"{honest()}{_SLOW_NETWORK}")
    context = slot.context(read_submission(SubmissionFile("attack", path)))
    course = Course(limits=msgspec.structs.replace(LIMITS, grading_seconds=8, memory_mb=4096))
    result = grade(msgspec.structs.replace(context, course=course, tasks=frozenset((4,)))).result
    assert result.status == "graded", result.problem
    said = [check.message for check in result.checks]
    assert any("used up the 8 seconds that all its calls may take together." in message for message in said), said
    assert result.seconds < MOST_SECONDS


@pytest.mark.parametrize("name", ["error-with-control-characters", "error-of-a-megabyte"])
def test_no_report_shows_what_a_submission_says_as_anything_but_text(name: str, slot: Slot, tmp_path: Path) -> None:
    attack = read_attack(FOLDER / f"{name}.py")
    result = grade_attack(slot, tmp_path, attack.source, TASK_OF[attack.function])
    report = make_report(Settings(Course(), "quick", frozenset(), "namespaces"), [result], 1.0)
    console = Console(record=True, width=100, file=(tmp_path / "terminal").open("w"), force_terminal=False)
    terminal.show_result(console, result)
    console.file.close()
    feedback = markdown.feedback(report, result)
    assert not re.search(r"(?<!\\)<(script|img)", feedback)
    for text in ((tmp_path / "terminal").read_text(), feedback):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        assert len(text) < 100_000


def test_every_attack_says_what_it_tries_and_what_it_may_earn() -> None:
    assert len(ATTACKS) >= 60
    for path in ATTACKS:
        attack = read_attack(path)
        assert attack.function in TASK_OF, path
        assert attack.earns in ("none", "all") or float(attack.earns) > 0, path
        assert attack.sentence.endswith("."), path


def table_of_attacks() -> str:
    """Return the table of all attacks for `docs/security.md`."""
    lines = ["| attack | it | replaces | may earn | `landlock` |", "|---|---|---|---|:-:|"]
    for path in ATTACKS:
        attack = read_attack(path)
        sentence = attack.sentence[0].lower() + attack.sentence[1:-1]
        tried = f"– {attack.landlock}" if attack.landlock else "yes"
        lines.append(f"| `{attack.name}` | {sentence} | `{attack.function}` | {attack.earns} | {tried} |")
    return "\n".join(lines) + "\n"


def test_the_documented_table_is_that_of_the_folder() -> None:
    _, begin, rest = DOCUMENTED.read_text(encoding="utf-8").partition(BEGIN)
    table, end, _ = rest.partition(END)
    assert (begin, end) == (BEGIN, END)
    assert table == table_of_attacks(), "write it anew with: python -m tests.test_attacks"


def main() -> None:
    """Update the table in the documentation."""
    before, _, rest = DOCUMENTED.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENTED.write_text(f"{before}{BEGIN}{table_of_attacks()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
