"""The work in an epoch of training, in floating-point operations, and how near a training comes to the device's limit.

Trusted side.  The work is counted from the examiner's account of a network (`examiner.describe_network`) and not from
what a submission says.  For one image, forward:

- A kernel (of a convolution or a dense layer, with all its kin) is applied at every position of the output, and each
  time each of its weights is multiplied and added: 2 x weights x positions.  That holds for strides, groups, depthwise
  and separable convolutions alike, since the kernel's shape and the output's know of them.  A transposed convolution
  is applied at every position of its input instead.
- Such a layer's bias and activation: 1 for each value it puts out.
- Normalisation: 4 for each value (subtract, divide, scale, shift).
- Everything else that computes, such as pooling, activations and additions: 1 for each value, of its input or its
  output, whichever has more.  Layers that only pass values on or rename their axes: nothing.

Backward, the same products are made twice, for the weights' gradients and for the inputs': training is 3 x forward.
The optimizer, the loss and the validation are left out; they are small, or not timed as training.  Counted too low are
recurrent layers, since a kernel is not applied again at each step in time, and a layer that a network uses at several
places, which counts once.
"""

from __future__ import annotations

import math
from typing import Final

from grader.checks.common.answers import LayerFacts, NetworkFacts
from grader.speed.records import Rates

_FORWARD_AND_BACKWARD: Final = 3
_NORMALISING: Final = 4
_PASS_ON: Final = frozenset(("InputLayer", "Flatten", "Reshape", "Permute", "Identity", "ZeroPadding2D", "Cropping2D"))


def training_flops(facts: NetworkFacts, images: int) -> float | None:
    """The operations of one epoch of training.

    Args:
        facts: What `examiner.describe_network` says.
        images: Images in the epoch.

    Returns:
        The number; `None` where a layer's shapes are not known, as in a network for images of any size.
    """
    parts = [forward_flops(layer) for layer in facts["layers"]]
    known = [part for part in parts if part is not None]
    return float(_FORWARD_AND_BACKWARD * images * sum(known)) if len(known) == len(parts) else None


def forward_flops(layer: LayerFacts) -> int | None:
    """The operations of one layer for one image; `None` where its shapes are not known."""
    kind = layer["kind"]
    if kind in _PASS_ON:
        return 0
    before, after = layer["input_shape"], layer["output_shape"]
    if not before or not after or 0 in (*before, *after):
        return None
    kernels = layer["kernels"]
    if kernels:
        applied = before if kind.endswith("Transpose") else after
        positions = math.prod(applied[1:] if layer["channels_first"] else applied[:-1])
        return 2 * positions * sum(math.prod(kernel) for kernel in kernels) + math.prod(after)
    each = _NORMALISING if kind.endswith("Normalization") else 1
    return each * max(math.prod(before), math.prod(after))


def share_of_limit(flops: float, epoch_seconds: float, rates: Rates) -> float:
    """The share of what a device reaches on its own that a training reaches, mostly between 0 and 1.

    A small share says that the device waits, for images, for Python or for the next of many small layers; a large one,
    that only a network with less work would be faster.

    Args:
        flops: Of one epoch, as `training_flops` counts them.
        epoch_seconds: What one steady epoch's training takes.
        rates: What the device reaches; the better of both is the limit.
    """
    return flops / epoch_seconds / max(rates.matmul, rates.convolution)
