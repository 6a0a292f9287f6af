"""Coverage-guided fuzzing of the wire protocol: `python -m benchmarks.fuzz_wire FOLDER -max_total_time=600`.

It needs Atheris (`pip install atheris`).  FOLDER keeps the corpus between runs; the other options are libFuzzer's.
Each input is passed as the body of a frame to every reader of frames.  Any exception but the protocol's own ends the
run, and libFuzzer saves the input.
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
