"""What depends on the Keras backend: the only module that may name TensorFlow, JAX or PyTorch.

Untrusted side.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import random
import sys
from typing import Any, Final

import numpy as np

_DISTRIBUTIONS: Final = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}
_DATASETS: Final = {"cifar10": ((32, 32, 3), 10), "cifar100": ((32, 32, 3), 100), "mnist": ((28, 28), 10)}


def name() -> str:
    """The backend that Keras runs on, or would."""
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def preload() -> dict[str, str]:
    """Import what submissions import, without running a Keras operation.

    Returns:
        The versions of Python, Keras, the backend and NumPy.
    """
    import keras
    import matplotlib

    matplotlib.use("agg", force=True)
    import matplotlib.pyplot  # builds the font list, once for all forks

    matplotlib.font_manager.findfont("DejaVu Sans")
    importlib.import_module("numpy.random")
    if name() == "tensorflow":
        import tensorflow as tf

        importlib.import_module("keras._tf_keras.keras.layers")
        assert tf.keras.layers
    _offer_stand_ins(keras)
    versions = {"python": sys.version.split()[0], "keras": keras.__version__, "numpy": np.__version__}
    for distribution in _DISTRIBUTIONS[name()]:
        try:
            versions[name()] = importlib.metadata.version(distribution)
            break
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _offer_stand_ins(keras: Any) -> None:
    """Let `keras.datasets.*.load_data()` return a small stand-in: there is no network, and no data, in here."""
    for dataset, (shape, classes) in _DATASETS.items():
        stand_in = _stand_in(shape, classes)
        for module in (f"keras.src.datasets.{dataset}", f"keras.datasets.{dataset}"):
            importlib.import_module(module).load_data = stand_in  # type: ignore[attr-defined]
        alias = sys.modules.get(f"keras._tf_keras.keras.datasets.{dataset}")
        if alias is not None:
            alias.load_data = stand_in  # type: ignore[attr-defined]


def _stand_in(shape: tuple[int, ...], classes: int) -> Any:
    def load_data(*_args: Any, **_kwargs: Any) -> Any:
        """Noise in the data set's form."""
        rng = np.random.default_rng(0)

        def part(count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
            labels = np.arange(count, dtype=np.uint8) % classes
            return rng.integers(0, 256, (count, *shape), np.uint8), labels.reshape((-1, 1) if len(shape) == 3 else -1)

        return part(10 * classes), part(5 * classes)

    return load_data


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, NumPy and the backend, without starting the backend.

    `keras.utils.set_random_seed` would import parts of the backend and create tensors at once.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if name() == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(seed)
    elif name() == "torch":
        import torch

        torch.manual_seed(seed)


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of the backend."""
    import keras

    return bool(keras.ops.is_tensor(value)) or isinstance(value, keras.Variable)


def to_numpy(tensor: Any) -> np.ndarray[Any, Any]:
    """A tensor's values; types that NumPy lacks, such as bfloat16, as float32."""
    import keras

    array = np.asarray(keras.ops.convert_to_numpy(tensor))
    return array.astype(np.float32) if array.dtype.kind not in "biuf" else array
