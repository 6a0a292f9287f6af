"""Draws the images of the course: plus, minus, times and equals as a hand might write them, grey, 28 x 28 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIZE = 28
BAR = ((-1.0, 0.0), (1.0, 0.0))
SIGNS = {  # strokes from one point to another, where the sign reaches from -1 to 1
    "plus": (BAR, ((0.0, -1.0), (0.0, 1.0))),
    "minus": (BAR,),
    "times": (((-0.7, -0.7), (0.7, 0.7)), ((-0.7, 0.7), (0.7, -0.7))),
    "equals": (((-1.0, -0.4), (1.0, -0.4)), ((-1.0, 0.4), (1.0, 0.4))),
}


def draw(name: str, rng: np.random.Generator) -> Any:
    """One image, uint8: the sign turned by up to 12 degrees, moved, thick or thin, and with noise."""
    angle, reach, width = np.radians(rng.uniform(-12, 12)), rng.uniform(6, 10), rng.uniform(1.0, 2.0)
    turn = reach * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pixels = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1)
    middle = SIZE / 2 + rng.uniform(-3, 3, 2)
    ink = np.zeros((SIZE, SIZE))
    for stroke in SIGNS[name]:
        start, end = np.array(stroke) @ turn.T + middle
        along = np.clip((pixels - start) @ (end - start) / np.sum((end - start) ** 2), 0, 1)
        distance = np.linalg.norm(pixels - start - along[..., None] * (end - start), axis=-1)
        ink = np.maximum(ink, np.clip(width + 0.5 - distance, 0, 1))
    return np.clip(ink * rng.uniform(120, 220) + rng.normal(20, 20, ink.shape), 0, 255).astype(np.uint8)


def main() -> None:
    """Write signs.npz beside this file; the same images each time."""
    rng = np.random.default_rng(28)
    arrays: dict[str, Any] = {"class_names": np.array(list(SIGNS))}
    for part, each in (("train", 500), ("test", 150)):
        arrays[f"y_{part}"] = np.tile(np.arange(len(SIGNS)), each)
        arrays[f"x_{part}"] = np.stack([draw(list(SIGNS)[label], rng) for label in arrays[f"y_{part}"]])
    np.savez_compressed(Path(__file__).with_name("signs.npz"), **arrays)


if __name__ == "__main__":
    main()
