"""The style of drawings and tables. Colours suit colour-blind readers. The same report always gives the same file."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import replaced
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
    "text.parse_math": False,  # names may contain "$"
}

INK, FAINT = "#24292f", "#6e7781"
"""Colours of text and axes, and of less important text and lines. The HTML page replaces them with its own."""

WAY_COLOURS = {
    "sequential": FAINT,
    "threads": "#0072b2",
    "pool": "#e69f00",
    "processes": "#d55e00",
    "interpreters": "#009e73",
    "asyncio": "#cc79a7",
}
EXECUTOR_COLOURS = ("#56b4e9", "#a89a00", "#8c564b")  # of other packages, in order of appearance
MARKERS = {"threads": "o", "pool": "s", "processes": "D", "interpreters": "^", "asyncio": "v"}
SIDE_COLOURS = {"hold": "#d55e00", "release": "#0072b2"}  # GIL held or released, in plots of latency


def colours(ways: Iterable[str]) -> dict[str, str]:
    """Return a colour per way. Most are from the palette of Okabe and Ito."""
    colour_by_way = {way: WAY_COLOURS[way] for way in ways if way in WAY_COLOURS}
    executors = [way for way in dict.fromkeys(ways) if way not in WAY_COLOURS]
    return colour_by_way | {way: EXECUTOR_COLOURS[index % len(EXECUTOR_COLOURS)] for index, way in enumerate(executors)}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with matplotlib's defaults and our settings, and ignore the user's matplotlibrc."""
    import matplotlib.style

    ink_settings = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    with matplotlib.style.context(["default", SETTINGS | dict.fromkeys(ink_settings, INK)]), warnings.catch_warnings():
        # The command says so itself: see is_drawable.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        yield


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure without a date, in the format given by the suffix of the path."""
    image_format = os.path.splitext(path)[1].removeprefix(".")
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    content = io.BytesIO()  # if the disk is full, matplotlib raises other errors than OSError
    figure.savefig(content, format=image_format, dpi=150, metadata=dates.get(image_format))
    with replaced(path) as target:
        Path(target).write_bytes(content.getvalue())


def is_drawable(text: str) -> bool:
    """Return whether the font of the drawings has all characters of the text. An SVG keeps the text in any case."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    return all(font.get_char_index(ord(character)) for character in text)


def title(axes: Axes, text: str) -> None:
    """Set the title of a panel, and draw the grid below the data."""
    axes.set_title(text, fontsize=9.5, loc="left")
    axes.set_axisbelow(True)


def whiskers(intervals: Sequence[Interval]) -> Any:
    """Return the lengths of the error bars below and above the medians. They are 0 without 95 % confidence."""
    lows = [value.median - value.low if value.has_95_percent else 0.0 for value in intervals]
    highs = [value.high - value.median if value.has_95_percent else 0.0 for value in intervals]
    return [lows, highs]


def table() -> Table:
    """Return an empty rich table."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(box=SIMPLE_HEAD, header_style="dim", padding=(0, 1, 0, 0), pad_edge=False)
