"""Tables of experiments in a terminal, and the format of their numbers."""

import io
import os
import sys
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from nogil_kernels.measure import style

WIDTH = 106  # columns of the widest table


def show(parts: Iterable[RenderableType]) -> None:
    """Print the parts, separated by empty lines. If stdout is not a terminal, a line has $COLUMNS columns, or WIDTH."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a µ shows a ? rather than a traceback
    console = Console(highlight=False, markup=False)
    if not (console.is_terminal or "COLUMNS" in os.environ):
        console.width = WIDTH
    for index, part in enumerate(parts):
        if index:
            console.print()
        console.print(part)


def table(*headings: str, text_columns: int = 1) -> Table:
    """Return an empty table. The first `text_columns` columns have text, the others numbers, justified to the right."""
    empty_table = style.table()
    for index, heading in enumerate(headings):
        empty_table.add_column(heading, justify="left" if index < text_columns else "right", no_wrap=True)
    return empty_table


def titled(title: str, table: RenderableType) -> Group:
    """Return a table under a title, which may be wider than the table. rich wraps its titles at the table's width."""
    return Group(Text(title, style="bold"), table)


def note(text: str) -> Text:
    """Return a remark about a table, or about all of them."""
    return Text(text, style="dim")


def number(value: float | None) -> str:
    """Return a number with three digits, such as 0.0571, 1.52, 91.7 or 121; an empty string for None."""
    if value is None:
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def size(size_bytes: float) -> str:
    """Return a number of bytes as 24 KiB or 1 MiB."""
    return f"{size_bytes / 2**20:.3g} MiB" if size_bytes >= 2**20 else f"{size_bytes / 2**10:.3g} KiB"
