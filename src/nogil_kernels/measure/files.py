"""Write a file completely, or leave the old one as it is."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def replaced(path: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the path of a new file beside `path`, which replaces it at the end of the block.

    Pipes, devices, and files in folders that allow no new file are written directly.
    """
    target = os.path.realpath(path)  # of a symbolic link, the file is replaced
    folder, name = os.path.split(target)
    is_device = os.path.isabs(path) and os.fspath(path).startswith("/dev/")
    if is_device or (os.path.exists(path) and not os.path.isfile(path)) or not os.access(folder, os.W_OK):
        yield os.fspath(path)
        return
    unfinished = os.path.join(folder, f".{os.getpid()}-{name}")  # the suffix says which format to write
    try:
        yield unfinished
        if os.path.exists(target):
            shutil.copymode(target, unfinished)
        os.replace(unfinished, target)
    finally:
        with suppress(OSError):
            os.unlink(unfinished)
