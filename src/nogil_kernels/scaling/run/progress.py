"""A progress bar for measurements."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from .. import Progress


@contextmanager
def bar(console: Console) -> Iterator[Progress]:
    """Show a bar if `console` is a terminal. Yield the function that updates it.

    The bar is drawn only between samples. A thread that refreshes it would take the GIL from the measured work.
    """
    columns = (TextColumn("measuring"), BarColumn(), TextColumn("{task.fields[remaining]}"))
    with RichProgress(
        *columns,
        console=console,
        auto_refresh=False,
        redirect_stdout=False,  # with True, rich would print the output of measured functions above the bar
        transient=True,
        disable=not console.is_terminal,
    ) as progress_bar:
        task = progress_bar.add_task("", total=None, remaining="")

        def update(elapsed: float, expected: float) -> None:
            remaining = f"{max(0.0, expected - elapsed):.0f} s left"
            progress_bar.update(task, completed=elapsed, total=expected, remaining=remaining, refresh=True)

        yield update
