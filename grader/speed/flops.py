"""Count the floating-point operations in an epoch of training, and compare its speed with the device's limit.

Trusted side.  The operations are counted from the examiner's description of a network (`examiner.describe_network`),
and not from what a submission says.  These are the operations for one image in the forward pass:

- A kernel (of a convolution, a dense layer or the like) is applied at every position of the output.  Each time, each of
  its weights is multiplied and added: 2 x weights x positions.  Strides, groups, depthwise and separable convolutions
  need no special case, since they show in the shapes of the kernel and the output.  The kernel of a transposed
  convolution is applied at every position of its input instead.
- The bias and activation of such a layer: 1 for each value of its output.
- Normalisation: 4 for each value (subtract, divide, scale, shift).
- Everything else that computes, such as pooling, activations and additions: 1 for each value of its input or its
  output, whichever has more.  Layers that only pass values on or reshape them: none.

In the backward pass the same products are computed twice, for the gradients of the weights and of the inputs, so
training takes 3 x the forward pass.  The optimizer, the loss and the validation are left out: they are small, or not
timed as training.  The count is too low for recurrent layers, since a kernel is not counted again at each time step,
and for a layer that a network uses in several places, which counts once.
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
    """Return the floating-point operations of training for one epoch.

    Args:
        facts: The result of `examiner.describe_network`.
        images: The number of images in the epoch.

    Returns:
        The number, or `None` if the shapes of a layer are not known, as in a network for images of any size.
    """
    parts = [forward_flops(layer) for layer in facts["layers"]]
    known = [part for part in parts if part is not None]
    return float(_FORWARD_AND_BACKWARD * images * sum(known)) if len(known) == len(parts) else None


def forward_flops(layer: LayerFacts) -> int | None:
    """Return the operations of one layer for one image in the forward pass; `None` if its shapes are not known."""
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
    """Return the share of the device's limit that a training reaches, usually between 0 and 1.

    A small share means that the device waits: for images, for Python, or for the next of many small layers.  A large
    one means that only a network with less work would be faster.

    Args:
        flops: The operations of one epoch, from `training_flops`.
        epoch_seconds: The time of a steady epoch's training steps, in seconds.
        rates: The rates that the device reaches by itself; the better of the two is the limit.
    """
    return flops / epoch_seconds / max(rates.matmul, rates.convolution)
