"""Other Python interpreters: which versions they are, and how to start them with this package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from . import search_path

INSPECT = """
import json, os, sys, sysconfig
supported = sys.version_info >= (3, 11)
if supported:
    from importlib.util import find_spec
spec = supported and find_spec("nogil_kernels")
release = {}
if spec and spec.origin:
    with open(os.path.join(os.path.dirname(spec.origin), "_version.py")) as file:
        exec(file.read(), release)
print(json.dumps([bool(sysconfig.get_config_var("Py_GIL_DISABLED")), release.get("__version__", ""),
                  list(sys.version_info[:3]), supported and sys.implementation.name, os.path.realpath(sys.prefix)]))
"""
START_TIMEOUT = 60  # seconds
MAX_ERROR = 100  # characters


class PythonError(RuntimeError):
    """Another interpreter does not work or has exited. The text gives its name and the reason."""


@dataclass(frozen=True)
class Python:
    """A CPython of a supported version."""

    path: str
    version: tuple[int, ...]
    is_free_threaded: bool
    is_this_one: bool
    """Whether it is the interpreter of this process."""
    has_package: bool
    """Whether it has this version of this package."""

    @property
    def name(self) -> str:
        """The name without its folder, since reports do not show folders."""
        return os.path.basename(self.path)

    @property
    def label(self) -> str:
        """The version, and whether it is a free-threaded build: "Python 3.14t"."""
        return f"Python {self.version[0]}.{self.version[1]}{'t' * self.is_free_threaded}"

    def command(self, module: str) -> list[str]:
        """Return the command that calls main() of a module of this package in this interpreter."""
        add = "from nogil_kernels.workers.search_path import add_current_folder; add_current_folder()"
        return [self.path, "-P", "-c", f"import sys; from {module} import main; {add}; sys.exit(main())"]


def inspect(path: str) -> Python:
    """Return what the interpreter says about itself.

    Raise PythonError if it does not start, is too old, or is not CPython.
    """
    name = os.path.basename(path)
    prefix = f"skipped {name if name.isprintable() else repr(name)}"
    try:
        process = subprocess.run(
            [path, "-c", INSPECT],
            env=environment() | {"PYTHONSAFEPATH": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=START_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PythonError(f"{prefix}: no output within {START_TIMEOUT} s") from None
    except OSError as error:
        raise PythonError(f"{prefix}: {error.strerror if path else 'expected the path of an interpreter'}") from None
    if process.returncode:
        raise PythonError(f"{prefix}: {last_line(process.stderr)}")
    try:
        free_threaded, release, version, implementation, sys_prefix = json.loads(process.stdout)
    except (TypeError, ValueError):
        raise PythonError(f"{prefix}: it is not a Python interpreter") from None
    if tuple(version) < (3, 11) or implementation != "cpython":
        actual_version = f"{implementation or 'Python'} {'.'.join(map(str, version))}"
        raise PythonError(f"{prefix}: expected CPython 3.11 or newer, got {actual_version}")
    is_this_one = sys_prefix == os.path.realpath(sys.prefix) and tuple(version) == sys.version_info[:3]
    return Python(path, tuple(version), free_threaded, is_this_one, release == __version__)


def environment(package_copy: str = "") -> dict[str, str]:
    """Return an environment without this interpreter's variables, and without this package's folder in PYTHONPATH.

    `package_copy` is a folder to import first.
    """
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHON_GIL")}
    folders = variables.pop("PYTHONPATH", "").split(os.pathsep)
    folders = [folder for folder in folders if folder and os.path.realpath(folder) != search_path.PACKAGE_PARENT]
    folders = [package_copy, *folders] if package_copy else folders
    return variables | ({"PYTHONPATH": os.pathsep.join(folders)} if folders else {})


def command(module: str) -> list[str]:
    """Return the command that calls main() of a module in a new process of this Python, with the sys.path of this one.

    -P keeps the current folder out of sys.path while Python starts. It may have been removed, or have a json.py.
    """
    first, path = search_path.for_start(), search_path.absolute()
    code = f"import sys; sys.path[:] = {first}; from {module} import main; sys.path[:] = {path}; sys.exit(main())"
    return [sys.executable, "-P", "-c", code]


def is_free_threaded() -> bool:
    """Return whether this is a free-threaded build."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def last_line(text: str) -> str:
    """Return the last line of an error message, at most MAX_ERROR characters of it."""
    line = (text.strip().splitlines() or ["no error message"])[-1]
    return line if len(line) <= MAX_ERROR else f"{line[:MAX_ERROR]} ..."


def copy_package(folder: Path) -> str:
    """Copy this package's Python files to a new folder in `folder`, and return its path. A second call copies nothing.

    The packages beside this one are not copied: they are for this Python.
    """
    package, parent = Path(__file__).parents[1], folder / "package"
    if not parent.exists():
        ignore = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
        shutil.copytree(package, parent / package.name, ignore=ignore)
    return str(parent)
