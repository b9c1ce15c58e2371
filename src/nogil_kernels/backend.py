"""The only module that chooses between the compiled and the pure backend; it hands out the public functions.

NOGIL_KERNELS_BACKEND=compiled or pure chooses. Unset, it is compiled where that can be imported; else it is pure, with
one warning, at the first call. The public names are the backend's own functions: nothing is wrapped around them.
"""

from __future__ import annotations

import os
import sys

from ._version import __version__

__all__ = ["build_info", "matmul", "sum_of_squares"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ADVICE = (
    "Get them by `pip install --force-reinstall --no-binary nogil-kernels nogil-kernels` (needs a C compiler), "
    "or set NOGIL_KERNELS_BACKEND=pure to ask for the pure backend."
)


def _import_compiled() -> tuple[str, tuple[Any, Any]]:
    """The reason to run them, and the functions, of the build that is for this interpreter."""
    from .compiled.isa import is_main_interpreter

    if is_main_interpreter:
        from .compiled.matmul import matmul
        from .compiled.sum_of_squares import sum_of_squares

        return "the compiled modules were found", (sum_of_squares, matmul)
    from .compiled.subinterpreters.matmul import matmul
    from .compiled.subinterpreters.sum_of_squares import sum_of_squares

    return "the compiled modules for subinterpreters were found", (sum_of_squares, matmul)


def _choose() -> tuple[str, str]:
    """The backend, and the reason why it is that one."""
    wanted = os.environ.get("NOGIL_KERNELS_BACKEND", "")
    asked = f"NOGIL_KERNELS_BACKEND={wanted}"
    if wanted not in ("", "compiled", "pure"):
        raise ValueError(f"{asked}: set it to compiled or pure, or unset it for compiled where that can be imported")
    if wanted == "pure":
        return "pure", asked
    try:
        found, _ = _import_compiled()
    except ImportError as error:
        if wanted:
            raise ImportError(f"{asked}, but the compiled modules cannot be imported: {error}. {ADVICE}") from error
        return "pure", f"the compiled modules cannot be imported: {error}"
    return "compiled", asked if wanted else found


backend, reason = _choose()
if backend == "pure" or TYPE_CHECKING:  # the types of both are the same
    from . import pure_backend
    from .pure_backend import matmul, sum_of_squares

    if not os.environ.get("NOGIL_KERNELS_BACKEND"):
        pure_backend.notice = f"nogil_kernels runs its pure backend, which is slow, since {reason}. {ADVICE}"
else:
    _, (sum_of_squares, matmul) = _import_compiled()


def build_info() -> dict[str, object]:
    """What runs here, as a dict with these keys:

    - backend: "compiled" or "pure"; backend_reason: why it is that one;
    - isa: the instruction set that the kernels use, isas_available: all that this machine has, slowest first,
      compiler: what built them, and abi3: whether for every CPython from 3.11 on (None, (), None and None on the pure
      backend);
    - version: of nogil_kernels; python: the implementation and its version;
    - free_threaded_build: whether this Python can run without the GIL;
    - gil: now, "enabled" or "disabled"; "enabled, cannot be disabled" on builds that are not free-threaded.

    >>> from nogil_kernels import build_info
    >>> build_info()["backend"] in ("compiled", "pure")
    True
    """
    import sysconfig

    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    gil = "enabled, cannot be disabled"
    if free_threaded:
        gil = "enabled" if sys._is_gil_enabled() else "disabled"  # type: ignore[attr-defined, unused-ignore]
    kernels: dict[str, object] = {"isa": None, "isas_available": (), "compiler": None, "abi3": None}
    if backend == "compiled":
        from .compiled import isa

        kernels = {
            "isa": isa.chosen,
            "isas_available": isa.available,
            "compiler": isa.compiler,
            "abi3": isa.is_abi3,
        }
    return {
        "backend": backend,
        "backend_reason": reason,
        **kernels,
        "version": __version__,
        "python": f"{sys.implementation.name} {sys.version.split()[0]}",
        "free_threaded_build": free_threaded,
        "gil": gil,
    }
