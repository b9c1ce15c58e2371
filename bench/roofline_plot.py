"""The roofline as a plot: rates over intensity, both logarithmic; roofs as lines, kernels as labelled points."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import hypot

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from . import suites
from .roofline import SHORT, Roofline, size_text

COLOURS = {"float64": "#0072b2", "float32": "#d55e00"}  # of Okabe and Ito, told apart without red and green
MARKERS = {"float64": "o", "float32": "s"}
GREYS = ("0.25", "0.4", "0.5", "0.6")
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}  # behind texts that lines cross
LOWEST, HIGHEST = 0.08, 512.0  # flop/byte
PLACES = sorted(product((-120, -90, -60, -30, -8, 8, 30, 60, 90, 120), range(-120, 121, 6)), key=lambda at: hypot(*at))
"""Where a label may lie, in points from its own one, nearest first."""


def draw(roofline: Roofline, path: str) -> None:
    """Write the plot to a file of the format that its name ends in."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(xscale="log", yscale="log", xlabel="arithmetic intensity, flop/byte", ylabel="GFLOP/s")
    axes.set_title(suites.heading(roofline.suite), fontsize=9, color="0.3", loc="left")
    figure.suptitle("Roofline of one core", x=0.01, ha="left", fontweight="bold")
    slowest = min(kernel.flop_rate for kernel in roofline.kernels) / 1e9
    top = max(roofline.peak(dtype) for dtype in SHORT) / 1e9
    axes.set(xlim=(LOWEST, HIGHEST), ylim=(slowest / 2, 2 * top))
    texts = list(_roofs(roofline, axes, _slope(figure, axes)))
    for kernel in roofline.kernels:
        axes.plot(
            kernel.intensity, kernel.flop_rate / 1e9, MARKERS[kernel.dtype], color=COLOURS[kernel.dtype], zorder=3
        )
    figure.draw_without_rendering()  # the layout is known now, and with it where texts lie
    figure.set_layout_engine("none")
    _label(roofline, axes, texts, canvas.get_renderer())  # type: ignore[no-untyped-call]
    figure.savefig(path, dpi=150)


def _roofs(roofline: Roofline, axes: Axes, angle: float) -> Iterator[Annotation]:
    """The lines and their names: each level's bandwidth up to the higher peak, and both peaks."""
    top = max(roofline.peak(dtype) for dtype in SHORT)
    for (level, read), grey in zip(roofline.reads.items(), GREYS, strict=True):
        ridge = top / read.byte_rate
        axes.plot([LOWEST, ridge], [LOWEST * read.byte_rate / 1e9, top / 1e9], color=grey, linewidth=1)
        at = min(ridge, 30) / 2.5
        yield axes.annotate(
            f"{level} {read.byte_rate / 1e9:.3g} GB/s",
            (at, at * read.byte_rate / 1e9),
            xytext=(0, 3),
            textcoords="offset points",
            rotation=angle,
            rotation_mode="anchor",
            ha="center",
            fontsize=8,
            bbox=PAPER,
            color=grey,
        )
    for dtype, short in SHORT.items():
        peak = roofline.peak(dtype)
        ridge = peak / max(read.byte_rate for read in roofline.reads.values())
        axes.plot([ridge, HIGHEST], [peak / 1e9] * 2, color=COLOURS[dtype], linewidth=1.5)
        yield axes.annotate(
            f"multiply-adds {short}, {peak / 1e9:.0f} GFLOP/s",
            (HIGHEST, peak / 1e9),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=COLOURS[dtype],
        )


def _slope(figure: Figure, axes: Axes) -> float:
    """The angle, in degrees on the page, of what grows in proportion."""
    figure.draw_without_rendering()
    (x0, y0), (x1, y1) = axes.transData.transform([(1, 1), (10, 10)])
    return float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))


def _label(roofline: Roofline, axes: Axes, texts: Sequence[Annotation], renderer: RendererAgg) -> None:
    """Name each point at the nearest place where its name covers no other text and no point."""
    page = axes.get_window_extent()
    taken = [Text.get_window_extent(text) for text in texts]
    for kernel in roofline.kernels:
        x, y = axes.transData.transform((kernel.intensity, kernel.flop_rate / 1e9))
        taken.append(Bbox.from_bounds(x - 5, y - 5, 10, 10))
    for kernel in sorted(roofline.kernels, key=lambda kernel: kernel.flop_rate):
        label = axes.annotate(
            f"{kernel.name} {SHORT[kernel.dtype]} {size_text(kernel.size)}: {roofline.share(kernel).median:.0%}",
            (kernel.intensity, kernel.flop_rate / 1e9),
            xytext=PLACES[0],
            textcoords="offset points",
            fontsize=7.5,
            va="center",
            bbox=PAPER,
            color=COLOURS[kernel.dtype],
            arrowprops={"arrowstyle": "-", "color": "0.7", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )
        for dx, dy in PLACES:
            label.set(ha="left" if dx > 0 else "right")
            label.set_position((dx, dy))
            label.update_positions(renderer)
            box = Text.get_window_extent(label).padded(2)  # an Annotation's own would take in its line
            inside = page.contains(*box.min) and page.contains(*box.max)
            if inside and not any(map(box.overlaps, taken)):
                break
        taken.append(box)
