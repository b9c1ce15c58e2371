"""The report that `compare` returns: it can show itself as text, page and plot."""

from __future__ import annotations

import os

from . import suite

TEXT_WIDTH = 100  # characters


class Report(suite.Report):
    """The result of `compare`, see suite.Report. print() shows it, and so does a notebook."""

    def __str__(self) -> str:
        """Return the text that `nogil-kernels compare` prints. It needs rich."""
        from rich.console import Console

        from .table import render

        console = Console(width=TEXT_WIDTH)
        with console.capture() as captured:
            console.print(render(self, TEXT_WIDTH))
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def _repr_html_(self) -> str:
        """Return the page that `nogil-kernels compare -o report.html` writes. It needs matplotlib."""
        from .page import page

        return page(self)

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Write the plot to a file whose ending is a format of matplotlib, such as .svg or .png."""
        from .plot import draw

        draw(self, path)
