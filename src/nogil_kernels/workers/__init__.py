"""The ways to run work: each a small class shaped like an executor of concurrent.futures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from .errors import Unknown
from .worker import resolve

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

    Raises Unknown for what nothing has, and for a path that leads nowhere; making the executor raises Unavailable, with
    the reason, where this Python does not have that way.
    """
    if ":" in name:
        return imported(name)
    if name not in WAYS:
        raise Unknown(f"no way {name!r}: name one of {', '.join(WAYS)}")
    return resolve(f"{__name__}.{WAYS[name]}")


def imported(path: str) -> Callable[..., Any]:
    """The function that "package.module:name" names. Raises Unknown where there is none."""
    try:
        found = resolve(path)
    except SystemExit as error:
        raise Unknown(f"{path}: its module calls sys.exit({error.code!r}) when it is imported") from None
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        module = path.partition(":")[0]
        is_inside = isinstance(error, ImportError) and not f"{module}.".startswith(f"{error.name}.")
        advice = "which it imports" if is_inside else "name a function as package.module:function"
        raise Unknown(f"{path}: {error}; {advice}") from error
    if not callable(found):
        raise Unknown(f"{path} is no function, but of type {type(found).__name__}")
    return found
