"""How every drawing looks: colours that all eyes tell apart, settings that make the same file of the same report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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
"""Texts and axes, and what stands back. A page puts its own colours in their place."""

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


def settings() -> Any:
    """What to give to matplotlib.style.context: the defaults, whatever a user's own matplotlibrc says, and ours."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    return ["default", SETTINGS | dict.fromkeys(inked, INK)]
