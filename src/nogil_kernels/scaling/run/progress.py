"""A progress bar for the time of measuring."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .. import Progress as Told


@contextmanager
def bar(console: Console) -> Iterator[Told]:
    """A bar on `console` and what moves it; nothing where that is no terminal.

    It is drawn between samples only: a bar that a thread of its own refreshed would take the GIL from the measured.
    """
    columns = (TextColumn("measuring"), BarColumn(), TextColumn("{task.fields[left]}"))
    with Progress(
        *columns,
        console=console,
        auto_refresh=False,
        redirect_stdout=False,  # what the measured function prints is not for this console
        transient=True,
        disable=not console.is_terminal,
    ) as drawn:
        task = drawn.add_task("", total=None, left="")

        def told(over: float, expected: float) -> None:
            left = f"{max(0.0, expected - over):.0f} s left"
            drawn.update(task, completed=over, total=expected, left=left, refresh=True)

        yield told
