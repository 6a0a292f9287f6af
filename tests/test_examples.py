"""Tests that the example workflows and package lists are valid, and agree with the files that they repeat."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from grader.cli.app import app

ROOT = Path(__file__).parent.parent
WORKFLOW = ROOT / "docs" / "examples" / "classroom.yml"
CI = ROOT / ".github" / "workflows" / "ci.yml"


@pytest.mark.parametrize("workflow", [WORKFLOW, CI], ids=["classroom", "ci"])
def test_a_workflow_is_as_githubs_schema_says(workflow: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
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


@pytest.mark.parametrize("name", ["docs", "test"])
def test_a_group_holds_what_the_extra_of_its_name_does(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["project"]["optional-dependencies"][name]) <= set(project["dependency-groups"][name])
