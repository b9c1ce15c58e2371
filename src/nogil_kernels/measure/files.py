"""Write a file completely, or leave the old one as it is."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the path of a new file beside `path`, which replaces it at the end of the block.

    Pipes, devices, and files in folders that allow no new file are written directly. A file that cannot be replaced,
    such as a mount point, or that has several names, gets the content of the new one.
    """
    target = os.path.realpath(path)  # a symbolic link stays, and its target is replaced
    folder, suffix = os.path.dirname(target), os.path.splitext(target)[1]
    is_device = os.path.isabs(path) and os.fspath(path).startswith("/dev/")
    if is_device or (os.path.exists(path) and not os.path.isfile(path)) or not os.access(folder, os.W_OK):
        yield os.fspath(path)
        return
    unfinished = os.path.join(folder, f".{secrets.token_hex(8)}{suffix}")  # writers see the format in the suffix
    try:
        yield unfinished
        if not _has_replaced(unfinished, target):
            shutil.copyfile(unfinished, target)
    finally:
        with suppress(OSError):
            os.unlink(unfinished)


def _has_replaced(unfinished: str, target: str) -> bool:
    """Replace the target. Return False if it has several names, or if the system does not allow that."""
    if os.path.exists(target):
        if os.stat(target).st_nlink > 1:
            return False
        shutil.copymode(target, unfinished)
    try:
        os.replace(unfinished, target)
    except OSError:
        return False
    return True
