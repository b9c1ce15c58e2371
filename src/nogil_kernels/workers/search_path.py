"""The folders in which functions of the user are found."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_LIBRARY = os.path.dirname(os.__file__)
PYTHON_FOLDERS = (STANDARD_LIBRARY, os.path.join(STANDARD_LIBRARY, "lib-dynload"))
PACKAGE_PARENT = os.path.realpath(os.path.join(__file__, "../../.."))  # the folder that contains this package


def add(folder: str) -> None:
    """Put a folder into sys.path, before installed packages and behind Python's own modules.

    So a json.py in that folder does not replace Python's json, which the workers need.
    """
    if folder not in sys.path:
        position = max((index + 1 for index, path in enumerate(sys.path) if path in PYTHON_FOLDERS), default=0)
        sys.path.insert(position, folder)


def add_current_folder() -> None:
    """Add the current folder, unless it was removed."""
    if folder := current_folder():
        add(folder)


def absolute() -> list[str]:
    """Return sys.path with the path of the current folder in place of "", because functions may change that folder."""
    return [path for folder in sys.path if (path := folder or current_folder())]


def for_start() -> list[str]:
    """Return the sys.path of a process that starts. The current folder may have a nogil_kernels.py or a json.py."""
    packages = [folder for folder in absolute() if folder != current_folder()]
    return [*PYTHON_FOLDERS, PACKAGE_PARENT, *packages]


def current_folder() -> str:
    """Return the current folder, or "" if it was removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


@contextmanager
def without_current_folder() -> Iterator[None]:
    """Processes that start in this block do not look in the current folder for Python's modules."""
    previous = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if previous is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = previous
