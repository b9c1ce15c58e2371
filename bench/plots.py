"""How the plots of experiments look, in measure's style: a title, where it was measured, one colour per package."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nogil_kernels.measure import style

from . import suites

LIMIT_LINE: Any = {"color": style.FAINT, "linestyle": "--", "linewidth": 1}


@contextmanager
def figure(path: str, suite: Any, title: str, size: tuple[float, float]) -> Iterator[Figure]:
    """A figure of inches `size`, to draw into; written at the end, in the format that the file's name ends in."""
    with style.styled():
        drawn = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(drawn)
        drawn.suptitle(f"{title}\n", x=0.01, ha="left", fontsize=12, fontweight="bold")
        where = suites.heading(suite).splitlines()[0]
        drawn.text(0.01, 1 - 0.36 / size[1], where, fontsize=8, color=style.FAINT, va="center")
        yield drawn
        style.save(drawn, path)


def plain(axes: Axes, title: str) -> None:
    """Set the title of a panel, and draw its grid."""
    style.title(axes, title)
    axes.grid(alpha=0.25)
    axes.minorticks_off()
