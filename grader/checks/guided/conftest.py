"""Makes the fixtures known to the checks here, and to those of a course, which lie elsewhere."""

from __future__ import annotations

import pytest

from grader.checks.guided import fixtures


def pytest_configure(config: pytest.Config) -> None:
    """Have pytest take them as a plugin's, which all tests may use."""
    if not config.pluginmanager.is_registered(fixtures):
        config.pluginmanager.register(fixtures)
