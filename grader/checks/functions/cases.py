"""Settings and strategies that the cases of several tasks are drawn with."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

FEWEST_LABELS: Final = 10
SEEDS: Final = st.integers(0, 9)
