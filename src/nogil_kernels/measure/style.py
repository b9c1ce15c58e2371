"""How every drawing and table looks: colours that all eyes tell apart; the same report makes the same file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .samples import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

FORMATS = (".svg", ".png", ".pdf")
SETTINGS: Any = {
    "svg.hashsalt": "nogil_kernels",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.parse_math": False,  # a name may have a $ in it
}

INK, FAINT = "#24292f", "#6e7781"
"""Texts and axes; text and lines of less importance. A page puts its own colours in their place."""

WAYS = {
    "sequential": FAINT,
    "threads": "#0072b2",
    "pool": "#e69f00",
    "processes": "#d55e00",
    "interpreters": "#009e73",
    "asyncio": "#cc79a7",
}
FOREIGN = ("#56b4e9", "#a89a00", "#8c564b")  # executors of other packages, in their order
MARKERS = {"threads": "o", "pool": "s", "processes": "D", "interpreters": "^", "asyncio": "v"}
SIDES = {"hold": "#d55e00", "release": "#0072b2"}
"""Where sides are what is compared, in one way."""


def colours(ways: Iterable[str]) -> dict[str, str]:
    """One for each way: Okabe and Ito's, which are told apart without red and green."""
    found = {way: WAYS[way] for way in ways if way in WAYS}
    others = [way for way in dict.fromkeys(ways) if way not in WAYS]
    return found | {way: FOREIGN[place % len(FOREIGN)] for place, way in enumerate(others)}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with matplotlib's defaults, whatever a user's own matplotlibrc says, and with our settings."""
    import matplotlib.style

    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    with matplotlib.style.context(["default", SETTINGS | dict.fromkeys(inked, INK)]):
        yield


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure in the format that the file's name ends in, without the date."""
    dates = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    figure.savefig(path, dpi=150, metadata=dates.get(os.path.splitext(path)[1]))


def title(axes: Axes, text: str) -> None:
    """Set the title of a panel, and draw its grid below its data."""
    axes.set_title(text, fontsize=9.5, loc="left")
    axes.set_axisbelow(True)


def whiskers(intervals: Sequence[Interval]) -> Any:
    """Return the lengths of error bars, below and above; 0 without 95 % confidence."""
    lows = [one.median - one.low if one.sure else 0.0 for one in intervals]
    highs = [one.high - one.median if one.sure else 0.0 for one in intervals]
    return [lows, highs]


def table() -> Table:
    """Return an empty table for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, header_style="dim", padding=(0, 1, 0, 0), pad_edge=False)
