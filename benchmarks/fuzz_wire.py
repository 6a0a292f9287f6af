"""Coverage-guided fuzzing of what comes over the wire: `python -m benchmarks.fuzz_wire FOLDER -max_total_time=600`.

Needs Atheris (`pip install atheris`).  FOLDER keeps the corpus between runs; the other options are libFuzzer's.  Each
input is taken as a frame's body by everybody who reads frames.  Anything but the protocol's own exception ends the run,
and libFuzzer writes the input down.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports():
    import grader.sandbox.wire.channel
    import grader.sandbox.wire.frames  # noqa: F401

from tests.test_wire_fuzz import take


def main() -> None:
    """Fuzz with the options of the command line."""
    atheris.Setup(sys.argv, take)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
