"""The files under `docs/examples/` are what their systems take, and call the grader as it can be called."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from grader.cli.app import app

WORKFLOW = Path(__file__).parent.parent / "docs" / "examples" / "classroom.yml"


def test_the_workflow_is_as_githubs_schema_says() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout == "ok -- validation done\n"


def test_the_workflow_calls_the_grader_as_it_can_be_called() -> None:
    jobs = YAML(typ="safe").load(WORKFLOW)["jobs"]
    scripts = [step["run"] for step in jobs["grade"]["steps"] if "run" in step]
    calls = [
        shlex.split(call) for script in scripts for call in re.findall(r"(?:^|; |then )grader ([^;\n]*)", script, re.M)
    ]
    assert [call[0] for call in calls] == ["check", "export"]
    for call in calls:
        app.parse_args(call, exit_on_error=False, print_error=False)
