"""Generate the starter file that students begin with, as Python or as a notebook.

Task texts, headers and docstrings come from `grader.assignment.contract`, so the starter asks for what the checks test.
A `brief.Brief` has what differs between courses: the data, points and requirements.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import nbformat

from grader.assignment import contract, guided
from grader.assignment.brief import USUAL_BRIEF, Brief
from grader.assignment.subject import Subject, in_words
from grader.ground.errors import UsageError

MAX_LINE: Final = 100
"""The maximum length of a line in the starter file."""

_v4: Final[Any] = nbformat.v4  # its functions are not annotated

_TEXT_WIDTH: Final = 96
_INDENT: Final = " " * 4

_HOW_TO: Final = (
    "Six tasks. Write the body of each function below, and keep its name and its parameters. Functions, imports "
    "and parameters with defaults of your own are welcome."
)

_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

_IMPORTS: Final = """\
import keras
import matplotlib.pyplot as plt
import numpy as np
"""

# The code that runs the whole project: the end of the Python file, and the last cells of the notebook.
_STEPS: Final = (
    """\
# Task 2: {which} classes. A tenth of the training images judges the epochs, and the
# test images are kept for the very end.
class_names = {names}
{load}x_train, y_train = subset_data(x_all, y_all, seed=0)
x_test, y_test = subset_data(x_test, y_test, seed=0)
x_val, x_train = np.split(x_train, [len(x_train) // 10])
y_val, y_train = np.split(y_train, [len(y_train) // 10])
""",
    """\
# Task 3: look at the images before training on them.
show_examples(x_train, y_train, class_names)
plt.show()
""",
    """\
# Task 4: build the network.
model = build_model()
model.summary()
""",
    """\
# Task 5: train it. This takes some minutes.
history = train(model, x_train, y_train, x_val, y_val)
""",
    """\
# Task 6: see how the training went, and ask the best epoch about images it never saw.
plot_history(history)
probabilities = predict("best_model.keras", x_test)
show_examples(x_test, y_test, class_names, predictions=probabilities)
plt.show()
accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
print(f"Accuracy on images the network never saw: {accuracy:.3f}")
""",
)

_IN_KERAS: Final = ("cifar10", "cifar100", "mnist", "fashion_mnist")
_FROM_FILE: Final = """\
with np.load("{file}") as data:
    x_all, y_all, x_test, y_test = (data[name] for name in ("x_train", "y_train", "x_test", "y_test"))
"""


def _steps(subject: Subject) -> list[str]:
    """Return the code that runs the whole project, one text for each of tasks 2 to 6."""
    every, count = len(subject.label_names), len(subject.classes)
    which = f"{in_words(count)} of the {in_words(every)}" if count < every else f"all {in_words(every)}"
    first = _STEPS[0].format(which=which, names=_names_in_lines(subject.class_names), load=_loading(subject))
    return [first, *_STEPS[1:]]


def _names_in_lines(names: tuple[str, ...]) -> str:
    """Return a list of names as Python code, on several lines if one would be too long."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    line = f"[{', '.join(quoted)}]"
    if len(line) <= MAX_LINE - len(_INDENT) - len("class_names = "):
        return line
    # textwrap breaks lines at spaces, so those inside of names are hidden from it as null characters.
    inner = textwrap.fill(
        " ".join(f"{each.replace(' ', chr(0))}," for each in quoted), _TEXT_WIDTH - 8, break_long_words=False
    ).replace(chr(0), " ")
    return f"[\n{textwrap.indent(inner, _INDENT)}\n]"


def _loading(subject: Subject) -> str:
    """Return the code that loads the images, through Keras or from a file that comes with the course."""
    if subject.dataset in _IN_KERAS:
        text = f"(x_all, y_all), (x_test, y_test) = keras.datasets.{subject.dataset}.load_data()\n"
    else:
        text = _FROM_FILE.format(file=f"{subject.title}.npz")
    if subject.is_grey:
        shape = "(-1, " + ", ".join(map(str, subject.image_shape)) + ")"
        text += f"x_all, x_test = x_all.reshape{shape}, x_test.reshape{shape}  # grey: one channel\n"
    return text


def starter_source(brief: Brief = USUAL_BRIEF) -> str:
    """Return the starter as the text of a `.py` file.

    Importing it trains nothing.  Running it goes through the project step by step, up to the first function that is
    still to be written.
    """
    steps = textwrap.indent("\n".join(_steps(brief.subject)), _INDENT)
    title, how_far = _wrapped(brief.title, MAX_LINE - 3), f"{_INDENT}grader check solution.py    # how far you are"
    parts = [f'"""{title}\n\n{_wrapped(_HOW_TO)}\n\n{how_far}\n"""\n']
    for task in contract.TASKS:
        parts.append(_commented(f"{_heading(task, brief)}\n{_wrapped(task.text, _TEXT_WIDTH - 2)}"))
        parts += [function_source(function) for function in _functions_of(task, brief)]
    first, setup, *others = parts
    parts = [f"{first}\n{setup}\n{_IMPORTS}", *others, f'if __name__ == "__main__":\n{steps}']
    return "\n\n".join(parts)


def starter_notebook(brief: Brief = USUAL_BRIEF) -> str:
    """Return the starter as the JSON of a notebook, in nbformat 4.5; the same at every call."""
    # The cells have fixed ids because nbformat would otherwise draw random ones.
    intro = f"# {brief.title}\n\n{_HOW_TO}\n\n`grader check solution.ipynb` tells how far you are."
    cells = [_markdown("project", intro)]
    for task in contract.TASKS:
        cells.append(_markdown(f"task-{task.number}", f"## {_heading(task, brief)}\n\n{task.text}"))
        if task.number == 1:
            cells.append(_code("imports", _IMPORTS))
        cells += [_code(function.name, function_source(function)) for function in _functions_of(task, brief)]
    cells.append(_markdown("run", "## The whole project\n\nRun these cells once the functions are written."))
    cells += [_code(f"run-{number}", step) for number, step in enumerate(_steps(brief.subject), 1)]
    return f"{_v4.writes(_v4.new_notebook(cells=cells, metadata=_METADATA))}\n"


def guided_notebook() -> str:
    """Return the guided project as the JSON of a notebook.

    Each task has a heading, a text and a code cell, which is empty or holds the code to begin with.
    """
    cells = [
        _markdown("project", f"# {USUAL_BRIEF.title}\n\n{_GUIDED_HOW_TO}\n\n`grader check FILE` tells how far you are.")
    ]
    for task in contract.TASKS:
        cells.append(
            _markdown(f"task-{task.number}", f"## {_heading(task, USUAL_BRIEF)}\n\n{guided.STEPS[task.number]}")
        )
        cells.append(_code(f"code-{task.number}", _GUIDED_CODE.get(task.number, "")))
    return f"{_v4.writes(_v4.new_notebook(cells=cells, metadata=_METADATA))}\n"


def guided_source() -> str:
    """Return the guided project as the text of a `.py` file, with the cell marks `# %%` that editors know."""
    parts = [f'"""{USUAL_BRIEF.title}\n\n{_wrapped(_GUIDED_HOW_TO)}\n"""\n']
    for task in contract.TASKS:
        text = _commented(f"{_heading(task, USUAL_BRIEF)}\n{_wrapped(guided.STEPS[task.number], _TEXT_WIDTH - 2)}")
        parts.append(f"# %%\n{text}{_GUIDED_CODE.get(task.number, '')}")
    return "\n\n".join(parts)


_GUIDED_HOW_TO: Final = (
    "Six tasks. Write your code below each heading, in as many cells and functions as you like and under names of your "
    "own. What counts is what the file does when it runs from the top to the bottom."
)

_GUIDED_CODE: Final = {
    1: _IMPORTS,
    2: "(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()\n",
}


def write_starter(
    path: Path, *, form: Literal["functions", "guided"] = "functions", brief: Brief = USUAL_BRIEF
) -> None:
    """Write the starter file: a notebook if the path ends in `.ipynb`, Python if it ends in `.py`.

    Args:
        path: The file to write; it must not exist yet.
        form: The form of the assignment.
        brief: What the course changes in the form with functions.  The guided form is the same for all courses.

    Raises:
        UsageError: If the path has another suffix, exists already, or cannot be written.
    """
    writers: dict[str, Callable[[], str]]
    writers = {".py": lambda: starter_source(brief), ".ipynb": lambda: starter_notebook(brief)}
    if form == "guided":
        writers = {".py": guided_source, ".ipynb": guided_notebook}
    if path.suffix.lower() not in writers:
        raise UsageError(f"{path}: a starter ends in .py or .ipynb; name it solution.py or solution.ipynb.")
    text = writers[path.suffix.lower()]()
    try:
        # Mode "x" instead of a test beforehand, since the file could appear between the test and the writing.
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path}: is there already and was left as it is; choose another name.") from None
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first.") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another place.") from None


def function_source(function: contract.Function) -> str:
    """Return the source of a function of the contract: its docstring, and a body that raises NotImplementedError."""
    arguments = [
        textwrap.fill(
            f"{parameter.name}: {_sentence(parameter.meaning)}",
            _TEXT_WIDTH,
            initial_indent=_INDENT * 2,
            subsequent_indent=_INDENT * 3,
        )
        for parameter in function.parameters
    ]
    returns = textwrap.indent(_wrapped(_sentence(function.returns), _TEXT_WIDTH - 8), _INDENT * 2)
    docstring = [
        f'{_INDENT}"""{function.summary}',
        *(["", textwrap.indent(_wrapped(function.details, _TEXT_WIDTH - 4), _INDENT)] if function.details else []),
        "",
        f"{_INDENT}Args:",
        *arguments,
        "",
        f"{_INDENT}Returns:",
        returns,
        f'{_INDENT}"""',
    ]
    # `grader.submissions.unwritten` recognises this body, so that functions still to be written start no worker.
    body = f'{_INDENT}raise NotImplementedError("Task {function.task}: write {function.name}")\n'
    return "\n".join([_header(function), *docstring, body])


def _header(function: contract.Function) -> str:
    """Return the `def` line of a function, with one parameter a line if it would be too long."""
    line = f"def {function.signature}:"
    if len(line) <= MAX_LINE:
        return line
    # Must agree with `Function.signature`.
    parts: list[str] = []
    for parameter in function.parameters:
        if parameter.keyword_only and "*" not in parts:
            parts.append("*")
        parts.append(parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}")
    return "\n".join([f"def {function.name}(", *(f"{_INDENT}{part}," for part in parts), "):"])


def _functions_of(task: contract.Task, brief: Brief) -> list[contract.Function]:
    return [function for function in brief.functions if function.task == task.number]


def _heading(task: contract.Task, brief: Brief) -> str:
    return f"Task {task.number} – {task.title} ({brief.points.get(task.number, task.points):g} points)"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _wrapped(text: str, width: int = _TEXT_WIDTH) -> str:
    """Wrap a text into lines, without breaking a line inside of `backticks`."""
    # Spaces inside of backticks are hidden from textwrap as null characters.
    whole = re.sub("`[^`]*`", lambda code: code[0].replace(" ", "\0"), text)
    return textwrap.fill(whole, width, break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def _commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.split("\n"))


def _markdown(cell_id: str, text: str) -> Any:
    return _v4.new_markdown_cell(text.rstrip(), id=cell_id)


def _code(cell_id: str, text: str) -> Any:
    return _v4.new_code_cell(text.rstrip(), id=cell_id)
