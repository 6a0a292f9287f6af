"""Makes the fixtures available to the checks in this folder, and to a course's own checks in another one."""

from __future__ import annotations

import pytest

from grader.checks.functions import fixtures


def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures as a plugin, since those of a plugin can be used by tests in any folder."""
    if not config.pluginmanager.is_registered(fixtures):
        config.pluginmanager.register(fixtures)
