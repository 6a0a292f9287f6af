"""The backends of Keras by name, and the environment variables that make Keras compute on one.

Nothing here imports Keras or a backend: the trusted side asks before it starts a sandbox.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Final

BACKENDS: Final = ("tensorflow", "jax", "torch")
DEFAULT: Final = "tensorflow"
"""What submissions are graded on."""


def why_missing(backend: str) -> str:
    """Why a backend cannot be used in this environment, in one sentence without its full stop; empty where it can."""
    if backend not in BACKENDS:
        return f"there is no backend {backend} (known: {', '.join(BACKENDS)})"
    if importlib.util.find_spec(backend) is None:
        return f"the backend {backend} is not installed; try `pip install {backend}`"
    return ""


def environment(backend: str, *, threads: int, device: str, plain: bool = False) -> dict[str, str]:
    """The environment variables that make Keras compute on a backend, with so many threads, on one device.

    Args:
        backend: One of `BACKENDS`.
        threads: Threads that one operation may use on the processor.
        device: `cpu`, or `gpu:0` and on as the driver counts them; the one GPU is then all that is seen.
        plain: Whether TensorFlow does without oneDNN.  With it a training takes three quarters of the time.  But in
            TensorFlow 2.21, with one thread, the gradient of a 1x1 convolution in strides over an image of three
            channels writes outside of its memory, and the process ends by a signal.
    """
    gpu = device.removeprefix("gpu:") if on_gpu(device) else ""
    return {
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": gpu,
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as nvidia-smi counts
        "OMP_NUM_THREADS": str(threads),  # PyTorch's
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",  # NumPy's
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0" if plain else "1",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # otherwise it takes the whole of the GPU's memory at once
        "NPROC": str(threads),  # JAX' pool of threads
        "JAX_PLATFORMS": "cuda" if gpu else "cpu",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "KERAS_TORCH_DEVICE": "cuda" if gpu else "cpu",
    }


def on_gpu(device: str) -> bool:
    """Whether a device, `cpu` or `gpu:0` and on, is a GPU."""
    return device != "cpu"


def sees_gpu() -> bool:
    """Whether this process was started for a GPU, as `environment` says it."""
    return bool(os.environ.get("CUDA_VISIBLE_DEVICES"))


def name() -> str:
    """The backend that Keras runs on, or would."""
    return os.environ.get("KERAS_BACKEND", DEFAULT)
