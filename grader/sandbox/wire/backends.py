"""The names of the Keras backends, and the environment variables that select one.

Nothing here imports Keras or a backend, since the trusted side uses this module before it starts a sandbox.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Final

BACKENDS: Final = ("tensorflow", "jax", "torch")
DEFAULT: Final = "tensorflow"
"""The backend that submissions are graded on."""


def why_missing(backend: str) -> str:
    """Return why a backend cannot be used in this environment, as a sentence without its full stop; empty if it can."""
    if backend not in BACKENDS:
        return f"there is no backend {backend} (known: {', '.join(BACKENDS)})"
    if importlib.util.find_spec(backend) is None:
        return f"the backend {backend} is not installed; try `pip install {backend}`"
    return ""


def environment(backend: str, *, threads: int, device: str, plain: bool = False) -> dict[str, str]:
    """Return the environment variables that make Keras compute on a backend and a device with a number of threads.

    Args:
        backend: One of `BACKENDS`.
        threads: The number of threads that one operation may use on the processor.
        device: `cpu`, or `gpu:0`, `gpu:1` and so on, as the driver numbers them.  No other GPU is visible then.
        plain: Whether TensorFlow has to do without oneDNN.  With oneDNN a training takes three quarters of the time.
            But in TensorFlow 2.21, with one thread, the gradient of a strided 1x1 convolution over an image of three
            channels writes outside its memory, and a signal ends the process.
    """
    gpu = device.removeprefix("gpu:") if on_gpu(device) else ""
    return {
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": gpu,
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # the order in which nvidia-smi numbers GPUs
        "OMP_NUM_THREADS": str(threads),  # read by PyTorch
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",  # read by NumPy
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0" if plain else "1",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # otherwise TensorFlow allocates all of the GPU's memory at once
        "NPROC": str(threads),  # the size of JAX's thread pool
        "JAX_PLATFORMS": "cuda" if gpu else "cpu",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "KERAS_TORCH_DEVICE": "cuda" if gpu else "cpu",
    }


def on_gpu(device: str) -> bool:
    """Whether a device, named `cpu`, `gpu:0`, `gpu:1` and so on, is a GPU."""
    return device != "cpu"


def sees_gpu() -> bool:
    """Whether this process was started with the variables that `environment` sets for a GPU."""
    return bool(os.environ.get("CUDA_VISIBLE_DEVICES"))


def name() -> str:
    """Return the backend that Keras runs on in this process, or would run on if it were imported."""
    return os.environ.get("KERAS_BACKEND", DEFAULT)
