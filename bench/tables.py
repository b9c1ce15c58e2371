"""Tables of experiments in a terminal, and how numbers are written in them."""

import io
import os
import sys
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from nogil_kernels.measure import style

WIDE = 106  # columns that the widest table takes


def show(parts: Iterable[RenderableType]) -> None:
    """Print the parts with empty lines between them; without a terminal they are WIDE, or as $COLUMNS says."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a µ shows a ? rather than a traceback
    console = Console(highlight=False, markup=False)
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = WIDE
    for place, part in enumerate(parts):
        if place:
            console.print()
        console.print(part)


def table(*headings: str, left: int = 1) -> Table:
    """Return an empty table. After the first `left` columns there are numbers, justified to the right."""
    drawn = style.table()
    for place, heading in enumerate(headings):
        drawn.add_column(heading, justify="left" if place < left else "right", no_wrap=True)
    return drawn


def titled(title: str, what: RenderableType) -> Group:
    """A table under its title, which may be wider: rich's own is broken at the table's width."""
    return Group(Text(title, style="bold"), what)


def note(text: str) -> Text:
    """What the reader has to know of a table, or of all of them."""
    return Text(text, style="dim")


def number(value: float | None) -> str:
    """Three digits: 0.0571, 1.52, 91.7, 121; nothing for None."""
    if value is None:
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def size(size_bytes: float) -> str:
    """24 KiB, 1 MiB."""
    return f"{size_bytes / 2**20:.3g} MiB" if size_bytes >= 2**20 else f"{size_bytes / 2**10:.3g} KiB"
