"""The progress of a measurement: a bar on a terminal, otherwise a line now and then."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from .. import Progress

LINE_SECONDS = 10.0  # between two lines


@contextmanager
def bar(console: Console) -> Iterator[Progress]:
    """Show a bar on a terminal, and print lines elsewhere. Yield the function that updates it.

    The bar is drawn only between samples. A thread that refreshes it would take time from the measured work.
    """
    if not console.file.isatty():  # with FORCE_COLOR, rich takes a file for a terminal
        yield _lines(console)
        return
    columns = (TextColumn("measuring"), BarColumn(), TextColumn("{task.fields[remaining]}"))
    with RichProgress(
        *columns,
        console=console,
        auto_refresh=False,
        redirect_stdout=False,  # with True, rich would print the output of measured functions above the bar
        transient=True,
    ) as progress_bar:
        task = progress_bar.add_task("", total=None, remaining="")

        def update(elapsed: float, expected: float) -> None:
            remaining = f"{max(0.0, expected - elapsed):.0f} s left"
            progress_bar.update(task, completed=elapsed, total=expected, remaining=remaining, refresh=True)

        yield update


def _lines(console: Console) -> Progress:
    """Return a function that prints a line every LINE_SECONDS."""
    next_line = LINE_SECONDS

    def update(elapsed: float, expected: float) -> None:
        nonlocal next_line
        if elapsed >= next_line:
            next_line = elapsed + LINE_SECONDS
            print(
                f"measured for {elapsed:.0f} s, {max(0.0, expected - elapsed):.0f} s left",
                file=console.file,
                flush=True,
            )

    return update
