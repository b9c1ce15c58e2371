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
        exists = os.path.exists(target)
        with suppress(OSError):  # the system may not allow that, see above
            if exists:
                shutil.copymode(target, unfinished)
            if not exists or os.stat(target).st_nlink == 1:
                os.replace(unfinished, target)
                return
        shutil.copyfile(unfinished, target)
    finally:
        with suppress(OSError):
            os.unlink(unfinished)
