"""The times of epochs, as a clock in the submission's worker noted them, as far as they can be believed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, Final

from grader.results.artefacts import Epoch

_CLOCKS_AGREE_SECONDS: Final = 0.01


def believed(noted: Mapping[str, Any], began: float, ended: float) -> tuple[tuple[Epoch, ...], float | None]:
    """Return the epochs that a clock noted and the end of the first step, or `((), None)` if they cannot be true.

    The clock runs in the submission's worker, which may forge it.  Its times are only believed if they are in order
    and lie within the call, which the trusted side timed itself.

    Args:
        noted: The answer of `toolbox.read_clock`.
        began: When the call of `train` began, by `time.perf_counter`.
        ended: When it ended.
    """
    moments = [moment for epoch in noted["epochs"] for moment in epoch[:4]]
    first_step = noted["first_step"]
    if not moments or first_step is None:
        return (), None
    in_order = all(a <= b for a, b in itertools.pairwise(moments))  # false if there is a NaN
    inside = began - _CLOCKS_AGREE_SECONDS <= min(moments[0], first_step) and max(moments[-1], first_step) <= (
        ended + _CLOCKS_AGREE_SECONDS
    )
    if not (in_order and inside and all(math.isfinite(moment) for moment in (*moments, first_step))):
        return (), None
    epochs = []
    before = moments[0]
    for start, trained, validated, end, steps, images, accuracy in noted["epochs"]:
        epochs.append(
            Epoch(
                train_seconds=trained - start,
                validation_seconds=validated - trained,
                callback_seconds=start - before + end - validated,
                steps=steps,
                val_accuracy=accuracy if 0 <= accuracy <= 1 else None,
                images=images,
            )
        )
        before = end
    return tuple(epochs), first_step
