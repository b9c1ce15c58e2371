"""The target of a probe: a statement as in timeit, or a function by its path."""

from __future__ import annotations

import ast
import asyncio
import importlib
import importlib.util
import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from ..workers import search_path

PATH = re.compile(r"([\w.]+|.+\.py):[^\W\d][\w.]*")
LAZY: tuple[type, ...] = GeneratorType, AsyncGeneratorType, map, filter, zip, enumerate, reversed


def from_text(text: str, setup: str = "pass") -> Callable[[], object]:
    """Return the function that `module:function` or `./file.py:function` names, or one that executes a statement.

    Raise what `setup` or the import raises, and SyntaxError for a wrong statement.
    """
    names: dict[str, Any] = {}
    exec(compile(setup, "<setup>", "exec", dont_inherit=True), names)
    if PATH.fullmatch(text) and not text.startswith("lambda:"):
        module, _, name = text.rpartition(":")
        target: Any = _imported(module)
        for part in name.split("."):
            target = getattr(target, part)
        if not callable(target):
            raise TypeError(f"{text} must be a function, got {type(target).__name__}")
        return target  # type: ignore[no-any-return]
    if text.endswith(".py"):
        raise TypeError(f"{text} names no function. Write {text}:function.")
    is_name = False
    with suppress(SyntaxError):
        is_name = isinstance(ast.parse(text, mode="eval").body, (ast.Name, ast.Attribute))
    code = None
    with suppress(SyntaxError):
        code = compile(text, "<statement>", "eval", dont_inherit=True)  # an expression, whose value may be lazy
    code = code or compile(text, "<statement>", "exec", dont_inherit=True)
    own = threading.local()
    own.names = names

    def execute() -> object:
        if not hasattr(own, "names"):
            own.names = names.copy()  # in `f = open(path); f.close()`, each thread has its own f
        value: Any = eval(code, own.names)
        if is_name and callable(value):
            raise TypeError(f"{text} is a function, and the statement does not call it. Write {text}().")
        return value

    return execute


def _imported(module: str) -> Any:
    if not module.endswith(".py"):
        return importlib.import_module(module)
    path = Path(module).resolve()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"no file {module!r}")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = loaded
    search_path.add(str(path.parent))
    spec.loader.exec_module(loaded)
    return loaded


class Lazy(TypeError):
    """The result of a call is lazy, such as an awaitable or a generator."""


def check_result(result: object) -> None:
    """Raise Lazy for a lazy result."""
    if inspect.isawaitable(result):
        raise Lazy("the call returned an awaitable, which has not run. Probe the `async def` function itself.")
    if isinstance(result, LAZY) or type(result).__module__ == "itertools":
        raise Lazy(
            f"the call returned a {type(result).__name__}, which has computed nothing yet."
            " Probe a call that consumes it, such as list(...)."
        )


class Stalls:
    """The longest stall of an event loop: how late a timer of 1 ms was."""

    TICK = 0.001

    def __init__(self) -> None:
        self.longest = self._due = 0.0

    async def watch(self) -> None:
        """Set a timer again and again."""
        while True:
            self._due = asyncio.get_running_loop().time() + self.TICK
            await asyncio.sleep(self.TICK)
            self.update()

    def update(self) -> None:
        """Update the longest stall, also by a timer that could not run yet."""
        self.longest = max(self.longest, asyncio.get_running_loop().time() - self._due)


@contextmanager
def as_call(
    function: Callable[..., object], *args: object, **kwargs: object
) -> Iterator[tuple[Callable[[], object], Stalls | None]]:
    """Yield a function without arguments that makes one call, and the loop's stalls for an `async def` function."""
    if not inspect.iscoroutinefunction(function):
        yield lambda: function(*args, **kwargs), None
        return
    stalls = Stalls()

    async def once() -> None:
        watcher = asyncio.ensure_future(stalls.watch())
        try:
            await asyncio.sleep(0)
            await function(*args, **kwargs)
            stalls.update()
        finally:
            watcher.cancel()

    with asyncio.Runner() as runner:
        yield lambda: runner.run(once()), stalls
