"""The ways to run work: each a small class shaped like an executor of concurrent.futures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from importlib import import_module

Way = Callable[[int], Executor]
"""Makes the executor for so many workers."""

WAYS = {
    "sequential": "sequential:Sequential",
    "threads": "threads:Threads",
    "pool": "pool:Pool",
    "processes": "processes:Processes",
    "interpreters": "interpreters:Interpreters",
    "asyncio": "event_loop:EventLoop",
}
"""Name -> where it is. A module is imported when its way is taken."""


def find(name: str) -> Way:
    """The way of that name, or of that import path, "package.module:factory", called with the number of workers.

    Raises Unavailable, with the reason, where this Python does not have it; ImportError or AttributeError for a path
    that leads nowhere.
    """
    if ":" in name:
        from ..worker import resolve

        return resolve(name)
    module, _, kind = WAYS[name].partition(":")
    way: Way = getattr(import_module(f".{module}", __name__), kind)
    return way


class Unavailable(RuntimeError):
    """A way or a workload that does not exist here; the text says why, and what to do."""
