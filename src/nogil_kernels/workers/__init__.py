"""The ways to run work. Each is a small class with the interface of concurrent.futures.Executor."""

import sys
from collections.abc import Callable
from concurrent.futures import Executor
from importlib import import_module
from typing import Any

from .errors import Unknown
from .worker import resolve

Way = Callable[[int], Executor]  # way(workers) returns an executor

WAYS = {
    "sequential": "sequential:Sequential",
    "threads": "threads:Threads",
    "pool": "pool:Pool",
    "processes": "processes:Processes",
    "interpreters": "interpreters:Interpreters",
    "asyncio": "event_loop:EventLoop",
}
"""Name -> "module:class". The module is imported on first use."""


def find_way(name: str) -> Way:
    """Return the way with this name or import path "package.module:factory".

    Raise Unknown if there is none. Calling the way raises Unavailable if this Python does not support it.
    """
    if ":" in name:
        return import_callable(name)
    if name not in WAYS:
        raise Unknown(f"unknown way {name!r}: expected one of {', '.join(WAYS)}, or package.module:factory")
    return resolve(f"{__name__}.{WAYS[name]}")


def import_callable(path: str) -> Callable[..., Any]:
    """Return the function with the path "package.module:name". Raise Unknown if there is none.

    Any other exception of the module propagates.
    """
    module, _, name = path.partition(":")
    if not module or module.startswith(".") or not all(name.split(".")):
        raise Unknown(f"expected package.module:function, got {path!r}")
    top, advice = module.partition(".")[0], "expected package.module:function"
    if top in {*sys.stdlib_module_names, "test"}:
        advice = f"{top} is a module of Python. If you mean a file of yours, rename it"
    try:
        import_module(module)
    except SystemExit as error:
        raise Unknown(f"cannot import {path}: its module calls sys.exit({error.code!r})") from None
    except ImportError as error:
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        raise Unknown(f"cannot import {path}: {error}; {advice}") from error
    try:
        function = resolve(path)
    except AttributeError as error:
        raise Unknown(f"cannot import {path}: {error}; {advice}") from error
    if not callable(function):
        raise Unknown(f"{path} must be a function, got {type(function).__name__}")
    return function
