"""Make up a class for load tests from sound solutions, solutions with a bug, and attackers, in a given mix.

`python -m benchmarks.classes FOLDER --count 1000 --mix 60 35 5 --seed 0`

The same arguments give the same class.  All its files differ, so that no result can be reused for another file.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Final

from grader.validation.corpus import read_chaffs

TESTS: Final = Path(__file__).parent.parent / "tests"
MIX: Final = (60.0, 35.0, 5.0)
"""The default percentages of sound solutions, solutions with a bug, and attackers."""


def write_class(folder: Path, count: int, *, mix: tuple[float, float, float] = MIX, seed: int = 0) -> list[Path]:
    """Write a class into a folder.

    Args:
        folder: The folder to write to; created if it does not exist.
        count: The number of submissions.
        mix: The weights of sound solutions, solutions with a bug, and attackers.
        seed: The random seed; each seed gives a different class.

    Returns:
        The paths of the files, `student0001.py` (or `.ipynb`) and so on.
    """
    wheats = TESTS / "wheats"
    honest = (wheats / "plain.py").read_text(encoding="utf-8")
    sound = [(path.suffix, path.read_text(encoding="utf-8")) for path in sorted(wheats.iterdir()) if path.is_file()]
    buggy = [(".py", chaff.source()) for chaff in read_chaffs(TESTS / "chaffs", wheats)]
    hostile = [
        (".py", f"{honest}\n\n{path.read_text(encoding='utf-8')}") for path in sorted((TESTS / "attacks").glob("*.py"))
    ]
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, kind in enumerate(draw.choices((sound, buggy, hostile), mix, k=count), 1):
        suffix, text = draw.choice(kind)
        path = folder / f"student{number:04}{suffix}"
        # A notebook is JSON, so it is made unique with spaces at the end.
        path.write_text(text + (" " * number if suffix == ".ipynb" else f"\n# {number}\n"), encoding="utf-8")
        files.append(path)
    return files


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--mix", type=float, nargs=3, default=MIX, metavar=("SOUND", "BUGGY", "HOSTILE"))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    files = write_class(chosen.folder, chosen.count, mix=tuple(chosen.mix), seed=chosen.seed)
    print(f"Wrote {len(files)} submissions into {chosen.folder}.")


if __name__ == "__main__":
    main()
