"""Tables of experiments in a terminal, and how numbers are written in them."""

import os

from rich.console import Console, Group, RenderableType
from rich.text import Text

WIDE = 106  # columns that the widest table takes


def console() -> Console:
    """Return the console for tables; without a terminal it is WIDE, or as $COLUMNS says."""
    found = Console(highlight=False, markup=False)
    if found.is_terminal or "COLUMNS" in os.environ:
        return found
    return Console(highlight=False, markup=False, width=WIDE)


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
