"""The roofline as a plot: rates over intensity, both logarithmic; roofs as lines, kernels as labelled points."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import atan2, degrees, hypot
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from nogil_kernels.measure import style

from .. import Impossible, plots, tables
from .report import Roofline

LEVELS = {"L1": "#0072b2", "L2": "#009e73", "L3": "#d55e00", "memory": "#8c564b"}
"""A kernel and the roof over it have one colour: that of where its data lies."""
LOWEST, HIGHEST = 0.06, 600.0  # flop/byte
ABOVE = 3.5  # how far the axes reach above the highest peak: room for the roofs' names
PLACES = sorted(product((-120, -90, -60, -30, -8, 8, 30, 60, 90, 120), range(-120, 121, 6)), key=lambda at: hypot(*at))
"""Where a label may lie, in points from its own one, nearest first."""


def draw(suite: Any, path: str) -> None:
    """Write the plot: a panel for each type."""
    roofline = Roofline(suite)
    if not roofline.kernels:
        raise Impossible(f"nothing to draw in {path}: no kernel was measured")
    title = "Roofline: how near each kernel comes to what one core can do"
    with plots.figure(path, suite, title, (12, 6)) as figure:
        panels = figure.subplots(1, len(roofline.dtypes), sharey=True, squeeze=False)[0]
        slowest = min(kernel.flop_rate for kernel in roofline.kernels) / 1e9
        top = max(map(roofline.peak, roofline.dtypes)) / 1e9
        for axes, dtype in zip(panels, roofline.dtypes, strict=True):
            plots.plain(axes, f"{dtype}; in %: the share of the roof of the same colour, or of the peak")
            axes.set(xscale="log", yscale="log", xlabel="arithmetic intensity, flop/byte")
            axes.set(xlim=(LOWEST, HIGHEST), ylim=(slowest / 2, ABOVE * top))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_major_formatter("{x:g}")
        panels[0].set_ylabel("GFLOP/s")
        figure.draw_without_rendering()  # the layout is known now, and with it where texts lie
        figure.set_layout_engine("none")
        for axes, dtype in zip(panels, roofline.dtypes, strict=True):
            texts = list(_roofs(roofline, axes, dtype))
            _kernels(roofline, axes, dtype, texts, figure.canvas.get_renderer())  # type: ignore[attr-defined]


def _roofs(roofline: Roofline, axes: Axes, dtype: str) -> Iterator[Annotation]:
    """The lines and their names: each level's bandwidth up to the peak, and the peak."""
    peak = roofline.peak(dtype)
    (x0, y0), (x1, y1) = axes.transData.transform([(1, 1), (10, 10)])
    slope = degrees(atan2(y1 - y0, x1 - x0))  # on the page, of what grows in proportion
    ridges = {level: peak / read.byte_rate for level, read in roofline.reads.items()}
    axes.plot([min(ridges.values()), HIGHEST], [peak / 1e9] * 2, **plots.LIMIT_LINE | {"linewidth": 1.5})
    yield axes.annotate(
        f"FMA peak, {peak / 1e9:.0f} GFLOP/s",
        (HIGHEST, peak / 1e9),
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=style.FAINT,
    )
    for level, read in roofline.reads.items():
        rate = read.byte_rate / 1e9
        axes.plot([LOWEST, ridges[level]], [LOWEST * rate, peak / 1e9], color=LEVELS[level], linewidth=1)
        yield axes.annotate(
            f"{level}, {rate:.3g} GB/s",
            (ridges[level], peak / 1e9),
            xytext=(2, 2),
            textcoords="offset points",
            rotation=slope,
            rotation_mode="anchor",
            ha="left",
            va="center",
            fontsize=8,
            color=LEVELS[level],
        )


def _kernels(roofline: Roofline, axes: Axes, dtype: str, texts: Sequence[Annotation], renderer: RendererBase) -> None:
    """Mark and name each kernel, at the nearest place where its name covers no other text and no point."""
    kernels = [kernel for kernel in roofline.kernels if kernel.dtype == dtype]
    page = axes.get_window_extent()
    taken = [Text.get_window_extent(text, renderer) for text in texts]
    _, peak = axes.transData.transform((1, roofline.peak(dtype) / 1e9))
    taken.append(Bbox.from_bounds(page.x0, peak - 4, page.width, 8))
    for kernel in kernels:
        axes.plot(kernel.intensity, kernel.flop_rate / 1e9, "o", color=LEVELS[kernel.level], zorder=3)
        x, y = axes.transData.transform((kernel.intensity, kernel.flop_rate / 1e9))
        taken.append(Bbox.from_bounds(x - 5, y - 5, 10, 10))
    for kernel in sorted(kernels, key=lambda kernel: kernel.flop_rate):
        label = axes.annotate(
            f"{kernel.name}, {tables.size(kernel.data)}: {roofline.share(kernel).median:.0%}",
            (kernel.intensity, kernel.flop_rate / 1e9),
            xytext=PLACES[0],
            textcoords="offset points",
            fontsize=8,
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},  # lines cross it
            color=LEVELS[kernel.level],
            arrowprops={"arrowstyle": "-", "color": "0.7", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )
        for dx, dy in PLACES:
            label.set(ha="left" if dx > 0 else "right")
            label.set_position((dx, dy))
            label.update_positions(renderer)
            box = Text.get_window_extent(label, renderer).padded(2)  # an Annotation's own would take in its line
            inside = page.contains(*box.min) and page.contains(*box.max)
            if inside and not any(map(box.overlaps, taken)):
                break
        taken.append(box)
