"""How every table looks in a terminal, and how numbers are written in it."""

import os

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

WIDE = 106  # columns that the widest table takes


def console() -> Console:
    """Where tables go; without a terminal as wide as they like, or as $COLUMNS says."""
    found = Console(highlight=False, markup=False)
    if found.is_terminal or "COLUMNS" in os.environ:
        return found
    return Console(highlight=False, markup=False, width=WIDE)


def table() -> Table:
    """An empty table."""
    return Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")


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
