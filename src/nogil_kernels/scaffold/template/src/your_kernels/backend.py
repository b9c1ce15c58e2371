"""The only module that chooses: `kernels` is the compiled module, or with YOUR_KERNELS_BACKEND=pure the twins."""

import importlib
import os
from types import ModuleType

MODULES = {"compiled": "kernels", "pure": "pure"}


def load(name: str) -> ModuleType:
    """The module of a backend.

    Nothing falls back to the twins by itself: a wheel that is broken would then be a program that is only slow.
    """
    if name not in MODULES:
        raise ValueError(f"YOUR_KERNELS_BACKEND={name}: set it to compiled or pure, or unset it for compiled")
    try:
        return importlib.import_module(f".{MODULES[name]}", __package__)
    except ImportError as error:
        raise ImportError(f"{error}. YOUR_KERNELS_BACKEND=pure does without compiled modules, slowly") from error


backend = os.environ.get("YOUR_KERNELS_BACKEND") or "compiled"
kernels = load(backend)
