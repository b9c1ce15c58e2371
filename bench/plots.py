"""How every plot looks, and how its file is written: from the same suite the same file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from . import suites

SETTINGS: Any = {
    "svg.hashsalt": "nogil_kernels",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

# Okabe and Ito's colours, which are told apart without red and green, and one brown; ours is black in every plot.
OWN, LIMIT = "black", "0.45"
COLOURS = {
    "nogil_kernels": OWN,
    "numpy.matmul": "#0072b2",
    "numpy.dot": "#0072b2",
    "numpy.vecdot": "#56b4e9",
    "numpy.linalg.norm": "#009e73",
    "numpy.einsum": "#b8a800",
    "scipy.linalg.blas": "#e69f00",
    "numkong.dot": "#e69f00",
    "bottleneck.ss": "#d55e00",
    "blis": "#d55e00",
    "numba": "#cc79a7",
}
LIMIT_LINE: Any = {"color": LIMIT, "linestyle": "--", "linewidth": 1}
PAPER: Any = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}  # behind texts that lines cross


@contextmanager
def figure(path: str, suite: Any, title: str, size: tuple[float, float]) -> Iterator[Figure]:
    """A figure of inches `size`, to draw into; written at the end, in the format that the file's name ends in."""
    with mpl.rc_context(SETTINGS):
        drawn = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(drawn)
        drawn.suptitle(f"{title}\n", x=0.01, ha="left", fontsize=12, fontweight="bold")
        where = suites.heading(suite).splitlines()[0]
        drawn.text(0.01, 1 - 0.36 / size[1], where, fontsize=8, color="0.4", va="center")
        yield drawn
        drawn.savefig(path, dpi=150, metadata={"Date": None} if path.endswith(".svg") else None)


def plain(axes: Axes, title: str) -> None:
    """What a set of axes says and shows beside its data."""
    axes.set_title(title, fontsize=9.5, loc="left")
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.minorticks_off()
