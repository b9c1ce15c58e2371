"""The only module that chooses between the compiled and the pure backend.

NOGIL_KERNELS_BACKEND, if set, must be compiled or pure. If it is unset and the compiled modules can be imported, the
backend is compiled. If they cannot, it is pure, and the first call warns. The public names are the functions of the
backend itself, because a wrapper would slow down short calls.
"""

from __future__ import annotations

import os
import sys

from ._version import __version__

__all__ = ["build_info", "matmul", "sum_of_squares"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class BrokenBuild(ImportError):
    """A compiled module is missing, damaged or of another build. The message says how to build it again."""


def advice() -> str:
    """Return what to do without compiled modules. pip would install wheels of its cache again, so it may not use it."""
    return (
        f"Build the compiled modules with `pip install --force-reinstall --no-deps --no-cache-dir {_pip_arguments()}` "
        "(this needs a C compiler), or choose the pure backend with NOGIL_KERNELS_BACKEND=pure."
    )


def _pip_arguments() -> str:
    """Return the arguments with which pip builds this version: a clone, the URL that pip stored, or PyPI's name."""
    from pathlib import Path

    package = Path(__file__).resolve().parent
    if package.parent.name == "src" and package.parents[1].joinpath("setup.py").exists():
        return f'-e "{package.parents[1]}"'
    try:
        import json
        from importlib.metadata import distribution

        origin = json.loads(distribution("nogil-kernels").read_text("direct_url.json") or "")
        url, vcs = origin["url"], origin.get("vcs_info")
        if not url.endswith(".whl"):  # pip would install the same wheel again
            url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
            return f'"{url}#subdirectory={origin["subdirectory"]}"' if "subdirectory" in origin else f'"{url}"'
    except Exception:  # pip stored no URL, or the metadata are missing or damaged. Advice must not fail.
        pass
    return f"--no-binary nogil-kernels nogil-kernels=={__version__}"


def _raise_or_exit(error: Exception) -> NoReturn:
    """Raise an error that the user can correct. The command prints it in one line, without a traceback.

    The command imports this package before any line of nogil_kernels.cli runs, so cli cannot catch the error.
    """
    program = (getattr(sys, "argv", None) or [""])[0]  # "-m" while `python -m nogil_kernels` starts
    as_module = program == "-m" and "mnogil_kernels" in "".join(sys.orig_argv)
    script = os.path.realpath(program) if os.path.islink(program) else program
    if as_module or os.path.basename(script).removesuffix(".exe") == "nogil-kernels":
        print(f"nogil-kernels: {error}", file=sys.stderr)
        raise SystemExit(2)
    raise error


def _import_compiled() -> tuple[str, tuple[Any, Any]]:
    """Return the reason that build_info() shows, and the two public functions compiled for this interpreter."""
    from .compiled.isa import is_main_interpreter

    if is_main_interpreter:
        from .compiled.matmul import matmul
        from .compiled.sum_of_squares import sum_of_squares

        return "the compiled modules were found", (sum_of_squares, matmul)
    from .compiled.subinterpreters.matmul import matmul
    from .compiled.subinterpreters.sum_of_squares import sum_of_squares

    return "the compiled modules for subinterpreters were found", (sum_of_squares, matmul)


def _choose() -> tuple[str, str]:
    """Return the name of the backend, and the reason for this choice."""
    requested = os.environ.get("NOGIL_KERNELS_BACKEND", "")
    setting = f"NOGIL_KERNELS_BACKEND={requested}"
    if requested not in ("", "compiled", "pure"):
        _raise_or_exit(ValueError(f"NOGIL_KERNELS_BACKEND must be compiled or pure, got {requested!r}. Change it."))
    if requested == "pure":
        return "pure", setting
    try:
        default_reason, _ = _import_compiled()
    except Exception as error:  # not only ImportError: the modules may be of two builds, or damaged
        if "NOGIL_KERNELS_ISA" in str(error):
            _raise_or_exit(error)
        failure = f"the compiled modules cannot be imported: {type(error).__name__}: {error}"
        if requested:
            _raise_or_exit(BrokenBuild(f"{setting}, but {failure}. {advice()}"))
        return "pure", failure
    return "compiled", setting if requested else default_reason


backend, reason = _choose()
if backend == "pure" or TYPE_CHECKING:  # both backends have the same types
    from . import pure_backend
    from .pure_backend import matmul, sum_of_squares

    if not os.environ.get("NOGIL_KERNELS_BACKEND"):
        pure_backend.notice = lambda: f"nogil_kernels uses its slow pure backend: {reason}. {advice()}"
else:
    _, (sum_of_squares, matmul) = _import_compiled()


def build_info() -> dict[str, object]:
    """Return the backend, the instruction set and the state of the GIL.

    Returns
    -------
    dict
        - backend: "compiled" or "pure"; backend_reason: the reason for this choice
        - isa: the instruction set (ISA) of the kernels; isas_available: all ISAs of this machine, slowest first;
          compiler: the compiler that built the kernels; abi3: whether this build runs on every CPython from 3.11 on.
          On the pure backend these four are None, (), None and None.
        - version: the version of nogil_kernels; python: the implementation and its version
        - free_threaded_build: whether this Python can run without the GIL
        - gil: "enabled" or "disabled" now; "enabled, cannot be disabled" if the build is not free-threaded

    Examples
    --------
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

        kernels = {"isa": isa.chosen, "isas_available": isa.available, "compiler": isa.compiler, "abi3": isa.is_abi3}
    return {
        "backend": backend,
        "backend_reason": reason,
        **kernels,
        "version": __version__,
        "python": f"{sys.implementation.name} {sys.version.split()[0]}",
        "free_threaded_build": free_threaded,
        "gil": gil,
    }
