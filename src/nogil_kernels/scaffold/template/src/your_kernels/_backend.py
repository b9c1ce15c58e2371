"""The only module that chooses between the compiled kernels and their twins in plain Python."""

import importlib
import os
from types import ModuleType

VARIABLE = "YOUR_KERNELS_BACKEND"  # compiled, the default, or pure
MODULES = {"compiled": "kernels", "pure": "pure"}


def load(name: str) -> ModuleType:
    """Return the module of a backend."""
    if name not in MODULES:
        raise ValueError(f"{VARIABLE}={name}: set it to compiled or pure, or unset it for compiled")
    try:
        return importlib.import_module(f".{MODULES[name]}", __package__)
    except ImportError as error:
        raise ImportError(f"{error}. {VARIABLE}=pure does without compiled modules, slowly") from error


name = os.environ.get(VARIABLE) or "compiled"
kernels = load(name)
