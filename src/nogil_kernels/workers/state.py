"""The state of a process that a measured function may change, and that other measurements need unchanged."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..measure import affinity
from .search_path import current_folder

STATES: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "the current folder": (current_folder, os.chdir),
    "the switch interval": (sys.getswitchinterval, sys.setswitchinterval),
    "signal handlers": (lambda: _handlers(), lambda handlers: _set_handlers(handlers)),
    "the affinity": (affinity.cores, affinity.pin),
    "the standard streams": (lambda: _streams(), lambda streams: _set_streams(streams)),
}
"""Name -> (function that reads the state, function that restores it)."""


@contextmanager
def kept(changed: set[str]) -> Iterator[None]:
    """Restore the state of this process after the block, and add the names of what the block has changed."""
    before = {name: read() for name, (read, _) in STATES.items()}
    try:
        yield
    finally:
        for name, (read, restore) in STATES.items():
            if read() != before[name]:
                changed.add(name)
                with suppress(OSError, ValueError):  # the folder was removed, or this is not the main thread
                    restore(before[name])


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_handlers(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) != handler:  # None: set by C code
            signal.signal(number, handler)


STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def _streams() -> list[Any]:
    """Return the streams, and for each whether it is closed, and whether its descriptor is open."""
    streams = [getattr(sys, name) for name, _ in STREAMS]
    return [(stream, _is_closed(stream), _is_open(number)) for number, stream in enumerate(streams)]


def _is_closed(stream: Any) -> bool:
    """Return whether a stream is closed, or has no file any more."""
    try:
        return bool(getattr(stream, "closed", True))
    except ValueError:  # its buffer was detached
        return True


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _set_streams(streams: list[Any]) -> None:
    """Put back streams that were replaced, and open new ones for those that were closed."""
    for number, ((name, mode), (stream, was_closed, was_open)) in enumerate(zip(STREAMS, streams, strict=True)):
        if was_open and not _is_open(number):
            devnull = os.open(os.devnull, os.O_RDWR)
            if devnull != number:
                os.dup2(devnull, number)
                os.close(devnull)
            os.set_inheritable(number, True)
        if stream is not None and _is_closed(stream) and not was_closed:
            stream = open(number, mode, closefd=False, errors="replace")  # noqa: SIM115 (it stays open)
        setattr(sys, name, stream)
