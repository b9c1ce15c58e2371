"""Detect whether an import switched the GIL on, and which one."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import machine

# _PyImport_CheckGILState warns once, with the name of the module. The GIL then stays on until the process ends.
# Source: https://github.com/python/cpython/blob/v3.13.0/Python/import.c
SWITCHED_ON = r"The global interpreter lock \(GIL\) has been enabled to load module '([^']*)'"


@dataclass
class GilStates:
    """Whether the GIL was on before and after a block, and the modules whose import switched it on."""

    on_before: bool
    on_after: bool
    enabled_by: tuple[str, ...] = ()

    def facts(self) -> dict[str, str | int]:
        """Return the same information as facts of a report."""
        gil_facts: dict[str, str | int] = {"nk_gil_before": int(self.on_before), "nk_gil_after": int(self.on_after)}
        if self.enabled_by:
            gil_facts["nk_gil_enabled_by"] = ", ".join(self.enabled_by)
        return gil_facts


@contextmanager
def watch() -> Iterator[GilStates]:
    """Yield a `GilStates` that is complete at the end of the block.

    If the GIL is on already, do nothing. Otherwise collect the warnings of the block and issue them at its end.
    Warnings about the GIL are collected whatever the caller's filters say. These filters, including "error", apply at
    the end of the block. Other warnings are filtered when they are issued, and only shown at the end.

    >>> with watch() as gil:
    ...     import json
    >>> gil.enabled_by
    ()
    """
    gil = GilStates(machine.gil_enabled(), machine.gil_enabled())
    if gil.on_before:
        yield gil
        return
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", SWITCHED_ON, RuntimeWarning)
            yield gil
    finally:
        gil.on_after = machine.gil_enabled()
        gil.enabled_by = tuple(dict.fromkeys(match[1] for warning in caught if (match := _match_gil(warning))))
        for warning in caught:
            place = warning.filename, warning.lineno
            if _match_gil(warning):
                warnings.warn_explicit(warning.message, warning.category, *place)
            else:  # these have been filtered; a second time would drop a warning whose filter is "once"
                warnings.showwarning(warning.message, warning.category, *place, warning.file, warning.line)


def _match_gil(warning: warnings.WarningMessage) -> re.Match[str] | None:
    return re.match(SWITCHED_ON, str(warning.message)) if issubclass(warning.category, RuntimeWarning) else None
