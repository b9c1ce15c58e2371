"""The only module that chooses between the compiled kernels and their pure-Python twins."""

import importlib
import os
from types import ModuleType

VARIABLE = "YOUR_KERNELS_BACKEND"  # compiled (the default) or pure
MODULES = {"compiled": "kernels", "pure": "pure"}


def load(name: str) -> ModuleType:
    """Return the module of the backend `name`."""
    if name not in MODULES:
        raise ValueError(f"{VARIABLE} must be compiled or pure, got {name!r}")
    try:
        return importlib.import_module(f".{MODULES[name]}", __package__)
    except (ImportError, TypeError, ValueError, AttributeError, SystemError) as error:
        # all but ImportError: the modules are of two builds
        raise ImportError(f"{error}. Build the package again, or set {VARIABLE}=pure for the slow twins.") from error


backend_name = os.environ.get(VARIABLE) or "compiled"
kernels = load(backend_name)
