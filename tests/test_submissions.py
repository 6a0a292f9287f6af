"""Tests of reading submissions: which files are found, what is kept of them, and that every line keeps its place."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.ground.errors import UsageError
from grader.submissions import Note, Submission, SubmissionFile, discover, read_submission
from grader.submissions.notebook import to_python

NOTEBOOKS = Path(__file__).parent / "notebooks"


def read_py(folder: Path, text: str | bytes) -> Submission:
    path = folder / "solution.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_submission(SubmissionFile("ada", path))


def read_notebook(folder: Path, *cells: Any, **rest: Any) -> Submission:
    """Read a notebook with the given code cells."""
    path = folder / "solution.ipynb"
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], **rest}
    path.write_text(json.dumps(notebook))
    return read_submission(SubmissionFile("ada", path))


def kept(submission: Submission) -> list[str]:
    """Return the lines of the module that are not blank."""
    assert submission.problem == ""
    ast.parse(submission.source)
    return [line for line in submission.source.split("\n") if line.strip()]


# Discovery


def test_files_and_folders_become_submissions_with_an_id_each(tmp_path: Path) -> None:
    for name in (
        "ada.py",
        "ada.ipynb",
        "bob.py",
        "notes.txt",
        ".hidden.py",
        "cleo/solution.py",
        "cleo/solution.ipynb",
        "cleo/helper.py",
        "dan/homework.ipynb",
        "eve/one.py",
        "eve/two.py",
        "data/images.png",
        "__pycache__/bob.py",
        ".ipynb_checkpoints/ada.ipynb",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [(file.id, file.path.relative_to(tmp_path).as_posix(), file.problem) for file in discover([tmp_path])]
    assert found == [
        ("ada.ipynb", "ada.ipynb", ""),
        ("ada.py", "ada.py", ""),
        ("bob", "bob.py", ""),
        ("cleo", "cleo/solution.py", ""),
        ("dan", "dan/homework.ipynb", ""),
        (
            "eve",
            "eve",
            "The folder holds several files (one.py, two.py); name the one to grade solution.py or solution.ipynb.",
        ),
    ]


def test_a_file_may_have_any_name_and_is_found_once(tmp_path: Path) -> None:
    path = tmp_path / "homework.txt"
    path.write_text("x = 1")
    assert discover([path, str(path)]) == [SubmissionFile("homework", path)]


def test_the_same_stem_in_two_folders_gives_two_ids(tmp_path: Path) -> None:
    for name in ("a/solution.py", "b/solution.py", "b/SOLUTION.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    ids = [file.id for file in discover([tmp_path / "a" / "solution.py", tmp_path / "b"])]
    assert len({file.casefold() for file in ids}) == len(ids) >= 2


def test_a_missing_path_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        discover([tmp_path / "none"])
    assert str(caught.value) == f"{tmp_path / 'none'}: there is no such file or folder."


@pytest.mark.skipif(os.name == "nt", reason="such names and files are POSIX")
def test_what_is_no_regular_file_is_listed_with_its_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to("/dev/zero")
    (tmp_path / "linked").symlink_to(tmp_path / "folder.py")
    (tmp_path / "evil\u202e\x1b.py").touch()
    submissions = [read_submission(file) for file in discover([tmp_path])]
    assert {submission.id: submission.problem for submission in submissions} == {
        "evil__": "evil__.py is empty.",
        "folder": "folder.py is a folder, not a file; hand in a .py or .ipynb file.",
        "link": "link.py is a symbolic link; hand in the file itself.",
        "linked": "linked is a symbolic link; hand in the folder itself.",
        "pipe": "pipe.py is a pipe, socket or device, not a file; hand in a .py or .ipynb file.",
    }


# Files that cannot be read


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b" \n", "solution.py is empty."),
        (b"x = 1\n" * 200_000, "solution.py is larger than 1 MB; hand in code and text only, without data."),
        (b"# ok\n# ok\nx = '\xff'", "solution.py is not utf-8 text; save it as UTF-8."),
        (b"# coding: klingon\n", "solution.py cannot be read as text: unknown encoding: klingon."),
        (b"x = 1\0", "solution.py is not Python text: it holds null bytes."),
        (
            b"x = [" + b"1," * 200_000 + b"]",
            "There is far more code than six tasks need; hand in those only, and no data written as code.",
        ),
    ],
)
def test_a_file_that_cannot_be_graded_says_why(tmp_path: Path, data: bytes, problem: str) -> None:
    assert read_py(tmp_path, data).problem == problem


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "x = 1" + " + 1" * 50_000,
        "a" + ".b()" * 400,
        "x = " + "9" * 5_000,
        "def f(:",
    ],
)
def test_absurd_code_costs_itself_only(tmp_path: Path, text: str) -> None:
    submission = read_py(tmp_path, f"def predict(model, x):\n    return 1\n\n{text}\n")
    assert kept(submission) == ["def predict(model, x):", "    return 1"]
    assert [note.line for note in submission.notes] == [4]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "solution.ipynb is empty."),
        (b"x = 1", "solution.ipynb is not a notebook: it stops being JSON at line 1; save it again in Jupyter."),
        (b'{"a": "\xff"}', "solution.ipynb is not UTF-8 text; save the notebook again in Jupyter."),
        (b"[]", "solution.ipynb is JSON, but not a notebook: it has no list of cells."),
        (b'{"cells": 3}', "solution.ipynb is JSON, but not a notebook: it has no list of cells."),
        (b'{"cells": []}', "solution.ipynb has no cells."),
        (
            b'{"cells": [3, {"cell_type": "markdown"}, {"cell_type": "code", "source": 5}]}',
            "solution.ipynb has no code cells with anything in them.",
        ),
        (
            b"[" * 100_000,
            "solution.ipynb is not a notebook: its JSON is nested too deeply or has absurd numbers.",
        ),
        (b" " * 20_000_001, "solution.ipynb is empty."),
    ],
)
def test_a_notebook_that_cannot_be_graded_says_why(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "solution.ipynb"
    path.write_bytes(data)
    assert read_submission(SubmissionFile("ada", path)).problem == problem


def test_too_many_magics_are_refused_rather_than_read_for_minutes(tmp_path: Path) -> None:
    submission = read_notebook(tmp_path, *["!a\n" * 1_000 for _ in range(50)])
    assert submission.problem == "solution.ipynb holds far too many magics and shell lines; take them out."


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "solution.ipynb"
    path.write_bytes(b'{"cells": [{"cell_type": "code", "source": "def train(a=\'\\ud800\'): pass"}]}')
    assert kept(read_submission(SubmissionFile("ada", path))) == ["def train(a='\ufffd'): pass"]


def test_a_coding_cookie_and_a_byte_order_mark_are_honoured(tmp_path: Path) -> None:
    latin = "# coding: latin-1\ndef train(a='é'): pass\r\n".encode("latin-1")
    assert kept(read_py(tmp_path, latin)) == ["def train(a='é'): pass"]
    assert kept(read_py(tmp_path, b"\xef\xbb\xbfdef train(): pass")) == ["def train(): pass"]


# Slicing


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        pytest.param("def train(x): return x\nhistory = train(1)\nprint(history)", "1", id="results"),
        pytest.param("import numpy as np\nimport seaborn\ndef train(): np.x", "13", id="unused import"),
        pytest.param("model = 1\ndef train(model): return model", "2", id="parameter of the same name"),
        pytest.param("model = 1\ndef train():\n  def f(): return model", "123", id="global of a nested function"),
        pytest.param("x = 1\ndef train(): return [x for x in y]\ny = 2", "23", id="comprehension variable"),
        pytest.param("N = 1\nM = 2\ndef train(n=N): pass", "13", id="default"),
        pytest.param("def d(f): return f\n@d\ndef train(): pass", "123", id="decorator"),
        pytest.param(
            "import f\n@f.one\ndef o(x): pass\n@o.register(str)\ndef _(x): pass\ndef train(): o(1)",
            "123456",
            id="registered by a decorator",
        ),
        pytest.param(
            "c = []\ndef d(f):\n  c.append(f)\n@d\ndef g(): pass\ndef train(): c", "123456", id="noted by one"
        ),
        pytest.param("c = []\nfor i in 'ab':\n  c.append(i)\nd = []\ndef train(): c", "1235", id="filled in a loop"),
        pytest.param("C = {}\nC['a'] = 1\nC.update(b=2)\nprint(C)\ndef train(): C", "1235", id="changed in place"),
        pytest.param("import random\nc = [1]\nrandom.shuffle(c)\ndef train(): c", "1234", id="shuffled"),
        pytest.param("c = []\ndef fill(x): x.append(1)\nfill(c)\ndef train(): c", "1234", id="changed by a function"),
        pytest.param(
            "def g():\n  global c\n  c = 1\ndef h(): g()\nh()\nx = h()\ndef train(): c",
            "1234567",
            id="global through a function of a function",
        ),
        pytest.param("a = b = 1\n(c, *d), e = x\nx = 1\ndef train(): d", "234", id="tuple target"),
        pytest.param("a = 1\na += 1\ndel b\nb = 1\ndef train(): a", "125", id="augmented"),
        pytest.param("if (n := 3): pass\nprint(m := 3)\ndef train(): n", "13", id="walrus"),
        pytest.param("try:\n  import a\nexcept ImportError:\n  a = 1\ndef train(): a", "12345", id="try"),
        pytest.param("class A:\n  B = N\nN = 1\ndef train(): A()", "1234", id="class body"),
        pytest.param("def train(): 1\ndef train(): 2", "12", id="redefined"),
        pytest.param("from keras.layers import *\ndef train(): Conv2D", "12", id="star import"),
        pytest.param(
            "import keras, tensorflow as tf\nE = bool(1)\ntf.config.run_functions_eagerly(E)\n"
            "keras.config.set_floatx('float64')\nkeras.utils.set_random_seed(1)\ndef train(): 1",
            "12346",
            id="settings of how networks compute",
        ),
        pytest.param("def set_jit(x): 1\nset_jit(True)\ndef train(): 1", "3", id="a setting of its own"),
        pytest.param("import matplotlib.pyplot as plt\nplt.xticks = []\ndef train(): plt", "13", id="module patched"),
        pytest.param("(x, y), z = cifar10.load_data()\ndef train(): x", "12", id="data are loaded if need be"),
        pytest.param("async def f(): pass\ndef train(): f()", "12", id="async"),
        pytest.param("def build_model(): pass\nbuild_model().summary()", "1", id="method of a result"),
        pytest.param("C = {}\nC.setdefault('a', []).append(1)\ndef train(): C", "123", id="method of a part"),
        pytest.param("def helper(): predict()\ndef predict(): pass", "2", id="unneeded function"),
    ],
)
def test_only_what_the_functions_need_is_kept(tmp_path: Path, module: str, expected: str) -> None:
    submission = read_py(tmp_path, module)
    lines = module.split("\n")
    assert submission.source.split("\n")[: len(lines)] == [
        line if str(number) in expected else "" for number, line in enumerate(lines, 1)
    ]
    assert submission.notes == ()
    assert submission.as_written == module


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("N = model.fit(x)", "trains a model with `model.fit`"),
        ("N = build_model().fit(x)", "trains a model with `build_model().fit`"),
        ("N = keras.Model.predict(model, x)", "runs a model with `keras.Model.predict`"),
        ("N = train(model)", "trains a model with `train`"),
        ("N = run()", "trains a model with `run`"),
        ("N = Trainer().go()", "trains a model with `Trainer().go`"),
        ("N = build_model()", "calls `build_model`"),
        ("N = input('?')", "waits for input with `input`"),
        ("N = keras.utils.get_file('x')", "downloads with `keras.utils.get_file`"),
        ("while True: N = 1", "loops until something stops it"),
        ("for N in range(2): N = model.fit(x)", None),
        ("if __name__ == '__main__': N = 1", 'belongs to `if __name__ == "__main__"`'),
        ("with open(model.evaluate()) as N: pass", "runs a model with `model.evaluate`"),
    ],
)
def test_what_trains_never_runs_even_if_it_is_needed(tmp_path: Path, statement: str, reason: str | None) -> None:
    module = (
        "def step(m): m.fit()\ndef run(): step(m)\nclass Trainer:\n  def go(self): run()\n"
        f"{statement}\ndef train(model): return N"
    )
    submission = read_py(tmp_path, module)
    if reason is None:
        assert kept(submission) == ["for N in range(2): (              )", "def train(model): return N"]
        return
    assert kept(submission) == ["def train(model): return N"]
    assert submission.notes == (
        Note(
            None,
            5,
            f"Your functions need `N`, which is set in a statement that {reason}; such statements are not run when "
            "functions are graded. Hand it in as a parameter, or set it in a statement of its own.",
        ),
    )


def test_what_trains_is_taken_out_of_a_block_that_is_needed(tmp_path: Path) -> None:
    submission = read_py(
        tmp_path,
        "with scope():\n    N = 3; sys.exit()\n    history = model.fit(\n        x,\n    ); M = 4\n"
        "def train(): return N + M\n",
    )
    assert kept(submission) == [
        "with scope():",
        "    N = 3; (        )",
        "    (                   ",
        "    ); M = 4",
        "def train(): return N + M",
    ]


def test_statements_that_share_a_line_are_told_apart(tmp_path: Path) -> None:
    submission = read_py(tmp_path, "é = 'ü'; N = 1; f(\n); x; M = 2\ndef train(): return N + M\n")
    assert kept(submission) == ["(       ); N = 1; ( ", "); 0; M = 2", "def train(): return N + M"]


def test_encoders_train_nothing(tmp_path: Path) -> None:
    text = "from sklearn.preprocessing import LabelBinarizer\nb = LabelBinarizer()\nb.fit([1])\ndef train(): b"
    submission = read_py(tmp_path, text)
    assert kept(submission) == text.split("\n")
    assert submission.trains_at_load == ()


def test_training_at_load_is_found_in_a_py_but_not_under_the_guard(tmp_path: Path) -> None:
    text = (
        "def train(m): return m.fit()\n"
        "def main(): train(1)\n"
        "if True:\n    for i in range(3):\n        main()\n"
        "x = lambda m: m.fit()\n"
        "m.predict()\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    assert read_py(tmp_path, text).trains_at_load == (
        Note(None, 5, "This line trains a model with `main` while the file loads."),
    )
    assert read_notebook(tmp_path, text).trains_at_load == ()


def test_a_function_inside_another_is_pointed_out_and_not_hoisted(tmp_path: Path) -> None:
    text = "def create_model():\n    def add_conv_block(model, filters): pass\nclass A:\n    def train(self): pass\n"
    submission = read_py(tmp_path, text)
    assert kept(submission) == []
    assert submission.functions == ("create_model",)
    assert [(note.line, note.message) for note in submission.notes] == [
        (
            2,
            "`add_conv_block` is defined inside `create_model`, where nothing else can call it; "
            "define it at the top level.",
        ),
        (4, "`train` is defined inside `A`, where nothing else can call it; define it at the top level."),
    ]


def test_a_function_under_the_guard_is_pointed_out(tmp_path: Path) -> None:
    submission = read_py(tmp_path, "if __name__ == '__main__':\n    def train(): pass\n")
    assert [note.message for note in submission.notes] == [
        'Your functions need `train`, which is set in a statement that belongs to `if __name__ == "__main__"`; such '
        "statements are not run when functions are graded. Define functions at the top level, or set it in a "
        "statement of its own."
    ]


@pytest.mark.parametrize(
    ("broken", "line", "message"),
    [
        ("def helper(:\n    pass", 3, "invalid syntax"),
        ("@decorated\ndef helper()\n    pass", 4, "expected ':'"),
        ("def helper():\n# nothing", 3, "expected an indented block after function definition on line 3"),
        ("if x:\n    y = = 1\nelse:\n    y = 2", 4, "invalid syntax"),
        ("install keras", 3, "invalid syntax"),
    ],
)
def test_a_block_that_does_not_parse_costs_that_block_only(
    tmp_path: Path, broken: str, line: int, message: str
) -> None:
    submission = read_py(tmp_path, f"def train(): pass\n\n{broken}\n\ndef predict(): pass\n")
    assert kept(submission) == ["def train(): pass", "def predict(): pass"]
    assert submission.notes == (Note(None, line, f"This block does not parse and was left out: {message}.", True),)


def test_a_statement_that_parses_but_does_not_compile_costs_itself_only(tmp_path: Path) -> None:
    submission = read_py(tmp_path, "return 1; N = 2\ndef train(): return N\n")
    assert kept(submission) == ["(      ); N = 2", "def train(): return N"]
    assert submission.notes == (
        Note(None, 1, "This statement does not compile and was left out: 'return' outside function."),
    )


# Notebooks


def test_a_notebook_from_colab() -> None:
    submission = read_submission(SubmissionFile("ada", NOTEBOOKS / "colab.ipynb"))
    assert [(note.place, note.message) for note in submission.notes] == [
        ("code cell 5, line 1", "This cell does not parse, so nothing in it counts: expected ':'."),
        ("code cell 7, line 1", "This cell is not run as Python, for it starts with `%%bash`."),
    ]
    assert submission.functions == ("subset_data", "build_model", "train", "predict")
    lines = submission.source.split("\n")
    needed = [line for line in lines if line and not line.startswith((" ", "def"))]
    assert needed == [
        "import numpy as np",
        "from tensorflow import keras",
        "CONFIG = {'filters': 8}",
        "CONFIG['epochs'] = 10",
        "CONFIG.update(patience=3)",
        "help_text = '''",
        "%magic in a string",
        "!and a shell line",
        "'''",
        "files = []",
        "total = sum(range(3))",
    ]
    line = lines.index("def predict(model, x):") + 1
    assert submission.locate(line) == (10, 8)
    assert submission.quote(10, 8) == "def predict(model, x):"
    assert submission.quote(10, 7) == "total = %time sum(range(3))"
    assert submission.quote(99, 1) == submission.quote(1, 99) == ""


@pytest.mark.parametrize("name", ["v3", "v40_bare"])
def test_notebooks_of_any_version_are_read(name: str) -> None:
    lines = kept(read_submission(SubmissionFile("ada", NOTEBOOKS / f"{name}.ipynb")))
    if name == "v3":  # this one begins with %pylab
        assert lines.pop(1).startswith("from pylab import *; import numpy as np; ")
    assert lines[:2] == ["import numpy as np", "def subset_data(x, y, classes=(0, 1, 2), seed=None):"]


def test_a_notebook_is_known_by_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "homework.ipynb.txt"
    path.write_bytes((NOTEBOOKS / "v3.ipynb").read_bytes())
    assert read_submission(discover([path])[0]).kind == "notebook"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "None\nx = 1"),
        ("!pip install \\\n  keras\nx = 1", "None\n\nx = 1"),
        ("if x:\n    !ls\n    y = 1", "if x:\n    None\n    y = 1"),
        ("files = !ls -l\n?f\nf??", "files = []\nNone\nNone"),
        ("%time x = f()\ny = %time f()\nz = %timeit f()", "x = f()\ny = f()\nz = None"),
        ("\n%%time\n%%capture out\nx = 1\n!ls", "\n\n\nx = 1\nNone"),
        ("%%html\n<b>", "\n"),
        ("!echo don't\ns = '''\n%a\n!b\n'''", "None\ns = '''\n%a\n!b\n'''"),
        ("  x = 1\n  !ls", "x = 1\nNone"),
        (">>> x = 1\n>>> if x:\n...     y = 2", "x = 1\nif x:\n    y = 2"),
        ("x = '''\n%%time\n'''", "x = '''\n%%time\n'''"),
        ("# magics\n%cd /tmp", "# magics\nNone"),
    ],
)
def test_magics_are_made_harmless_where_they_stand(cell: str, python: str) -> None:
    assert to_python(cell).text == python


def test_magics_left_in_a_file_are_made_harmless_too(tmp_path: Path) -> None:
    source = "!pip install keras\n%matplotlib inline\nN = 1\nfiles = !ls\ndef train(): return N, files\n"
    submission = read_py(tmp_path, source)
    assert submission.notes == ()
    assert submission.as_written == "None\nNone\nN = 1\nfiles = []\ndef train(): return N, files\n"
    assert submission.cells == (source,)


def test_what_is_in_sight_after_pylab_is_known(tmp_path: Path) -> None:
    submission = read_notebook(tmp_path, "%pylab inline", "def train(): return np")
    assert "from pylab import *; import numpy as np" in submission.source


MAGICS = st.sampled_from(
    ["%matplotlib inline", "!ls", "!pip install a \\\n  b", "x = !ls", "y = %time f()", "f?", "%time z = 1", "!it's"]
)
PLAIN = st.sampled_from(["a = 1", "def f():\n    return 1", "'''\n%no\n!no\n'''", "", "# é", "b = (\n  2)"])


@given(st.lists(st.lists(st.one_of(MAGICS, PLAIN), max_size=6), min_size=1, max_size=4))
def test_every_line_is_traced_back_to_its_cell(
    tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]
) -> None:
    marked = ["\n".join([*parts, f"def train(): return {number}"]) for number, parts in enumerate(cells, 1)]
    submission = read_notebook(tmp_path_factory.mktemp("notebook"), *marked)
    assert submission.notes == ()
    lines = submission.source.split("\n")
    for number, text in enumerate(marked, 1):
        defined = lines.index(f"def train(): return {number}") + 1
        assert submission.locate(defined) == (number, text.count("\n") + 1)
    # A line is blank, unchanged, or was a magic; the sampled magics have one of these signs.
    for line, place in zip(lines, submission.line_map, strict=False):
        assert line in ("", submission.quote(*place)) or any(sign in submission.quote(*place) for sign in "%!?")


STATEMENTS = st.sampled_from(["N = 1", "M = N", "g(x)", "m.fit(1)", "é = 'ü'", "x", "f(\n1)", "N += [\n2]", "del q"])


@given(st.lists(st.tuples(STATEMENTS, st.sampled_from(["; ", "\n", ";\n"])), max_size=8), st.booleans())
def test_whatever_is_left_out_what_stays_is_python_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[str, str]], in_block: bool
) -> None:
    module = "".join(f"{statement}{separator}" for statement, separator in parts).rstrip("; \n") + "\n"
    if in_block:
        module = "if N:\n    pass\n" + "".join(f"    {line}\n" for line in module.splitlines())
    submission = read_py(tmp_path_factory.mktemp("module"), module + "def train(): return N\n")
    assert submission.problem == ""
    assert not any("parse" in note.message for note in submission.notes)
    before = {(node.lineno, ast.unparse(node)) for node in ast.walk(ast.parse(module)) if isinstance(node, ast.stmt)}
    names = {"N = 1", "N += [2]"}
    wanted = {(line, text) for line, text in before if text in names}
    after = ast.walk(ast.parse(submission.source))
    assert wanted <= {(node.lineno, ast.unparse(node)) for node in after if isinstance(node, ast.stmt)}
    assert "fit" not in submission.source
