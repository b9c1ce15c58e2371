"""The cores that a thread may run on. Some systems have no affinity, and some sandboxes forbid its calls."""

import os
from collections.abc import Iterable
from contextlib import suppress


def cores() -> frozenset[int] | None:
    """Return the numbers of the cores that this thread may run on, or None if the system does not say."""
    try:
        return frozenset(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return None


def pin(allowed: Iterable[int] | None) -> None:
    """Let this thread run on these cores only. Do nothing for None, or if the system does not allow that."""
    if allowed is not None:
        with suppress(AttributeError, OSError):
            os.sched_setaffinity(0, allowed)
