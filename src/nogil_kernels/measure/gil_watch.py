"""Whether the GIL was switched back on meanwhile, and which import did that."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import machine

# https://github.com/python/cpython/blob/v3.13.0/Python/import.c, _PyImport_CheckGILState: it warns once, of the module
# that did it; the GIL then stays on to the end of the process.
SWITCHED_ON = r"The global interpreter lock \(GIL\) has been enabled to load module '([^']*)'"


@dataclass
class Gil:
    """The GIL before and after something, and the modules whose import switched it on in between."""

    before: bool
    after: bool
    enabled_by: tuple[str, ...] = ()

    def facts(self) -> dict[str, str | int]:
        """The same as facts of a report."""
        found: dict[str, str | int] = {"nk_gil_before": int(self.before), "nk_gil_after": int(self.after)}
        if self.enabled_by:
            found["nk_gil_enabled_by"] = ", ".join(self.enabled_by)
        return found


@contextmanager
def watch() -> Iterator[Gil]:
    """Watch the GIL around imports and preparations: what this gives is complete at the end of the block.

    Where the GIL is on already nothing is done. Else the block's warnings come at its end: those of the GIL under the
    filters that were in force, an error if those say so, and all others that had passed them.

    >>> with watch() as gil:
    ...     import json
    >>> gil.enabled_by
    ()
    """
    gil = Gil(machine.gil_enabled(), machine.gil_enabled())
    if gil.before:
        yield gil
        return
    seen: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as seen:
            warnings.filterwarnings("always", SWITCHED_ON, RuntimeWarning)
            yield gil
    finally:
        gil.after = machine.gil_enabled()
        gil.enabled_by = tuple(dict.fromkeys(found[1] for one in seen if (found := _of_the_gil(one))))
        for one in seen:
            if _of_the_gil(one):
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
            else:  # its filter has let it through; the same filter may have been one that lets each through once
                warnings.showwarning(one.message, one.category, one.filename, one.lineno, one.file, one.line)


def _of_the_gil(one: warnings.WarningMessage) -> re.Match[str] | None:
    return re.match(SWITCHED_ON, str(one.message)) if issubclass(one.category, RuntimeWarning) else None
