"""Methods of training that a network was given for itself alone, in place of those of its class.

Untrusted side.
"""

from __future__ import annotations

from typing import Any, Final

_OF_TRAINING: Final = {
    *("compile", "get_compile_config", "reset_metrics", "get_metrics_result"),
    *("train_on_batch", "train_step", "make_train_function"),
    *("test_on_batch", "test_step", "make_test_function"),
    *("compute_loss", "compute_metrics"),
}
"""The methods of a network that decide how it is compiled, trained and judged."""


def own_methods(model: Any) -> list[str]:
    """Return the names of the methods of training that only this network has, not its class."""
    return sorted(_OF_TRAINING & set(vars(model)))


def use_methods_of_class(model: Any) -> None:
    """Take away the methods of training that only this network has, so that it trains and is judged as its class."""
    for name in own_methods(model):
        object.__delattr__(model, name)
