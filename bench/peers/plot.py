"""Plots of the peers over the size: the time of small calls, and the rate of large ones with the machine's ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, ScalarFormatter

from nogil_kernels.measure import style

from .. import Impossible, suites
from .cases import FLOATS
from .measured import Result, from_suite
from .report import FLOAT32_ERROR, largest_errors, rate

# The colours of Okabe and Ito, which people with red-green colour blindness can distinguish; the yellow is darker.
COLOURS = {
    "nogil_kernels": style.INK,
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


@dataclass(frozen=True)
class Family:
    """A row of the figure."""

    title: str
    group: str
    unit: str
    x_label: str
    x_base: int
    limit: str = ""
    """The label of the dashed line. Empty for times of calls, which have no ceiling."""

    def value(self, result: Result, peer: str) -> float:
        """Return the number that is drawn for a peer, in the family's unit."""
        return rate(result, peer) if self.limit else 1e9 * result.seconds(peer).median


FAMILIES = (
    Family("matmul, small", "matmul-small", "ns per call: less is better", "n of n x n matrices", 2),
    Family("matmul", "matmul-square", "GFLOP/s", "n of n x n matrices", 2, "FMA peak of a core"),
    Family("sum_of_squares, few numbers", "sums-small", "ns per call: less is better", "numbers", 10),
    Family("sum_of_squares", "sums", "GB/s", "numbers", 10, "reading memory, one core"),
)


def draw(suite: Any, path: str) -> None:
    """Write a figure with a row per family and a column per dtype."""
    results = from_suite(suite)
    by_family = {family: [result for result in results if result.group == family.group] for family in FAMILIES}
    results_by_family = {family: of_family for family, of_family in by_family.items() if of_family}
    if not results_by_family:
        groups = ", ".join(family.group for family in FAMILIES)
        raise Impossible(f"cannot draw {path}: no results of the groups {groups}")
    size = (9.5, 0.6 + 2.7 * len(results_by_family))
    with style.styled():
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle("nogil_kernels and other packages, on one thread\n", x=0.01, ha="left", size=12, weight="bold")
        versions = suites.heading(suite).splitlines()[0]
        figure.text(0.01, 1 - 0.36 / size[1], versions, fontsize=8, color=style.FAINT, va="center")
        grid = figure.subplots(len(results_by_family), len(FLOATS), squeeze=False)
        for axes, (family, of_family) in zip(grid, results_by_family.items(), strict=True):
            for panel_axes, dtype in zip(axes, FLOATS, strict=True):
                panel(panel_axes, family, [result for result in of_family if result.dtype == dtype], dtype)
            line_by_label: dict[str, Any] = {}
            for panel_axes in axes:
                for line, label in zip(*panel_axes.get_legend_handles_labels(), strict=True):
                    line_by_label.setdefault(label, line)
            axes[-1].legend(line_by_label.values(), line_by_label.keys(), loc="center left", bbox_to_anchor=(1.0, 0.5))
        style.save(figure, path)


def panel(panel_axes: Axes, family: Family, results: Sequence[Result], dtype: str) -> None:
    """Draw one line per peer. The lines of peers that compute in float32 are dotted."""
    title = f"{family.title}, {dtype}"
    panel_axes.set_xscale("log", base=family.x_base)
    float32_peers = {peer for peer, error in largest_errors(results).items() if error > FLOAT32_ERROR}
    for peer in dict.fromkeys(peer for result in results for peer in result.samples):
        of_peer = [result for result in results if peer in result.samples]
        if peer.startswith("ceiling"):
            continue
        line: Any = {"color": COLOURS[peer], "linestyle": ":" if peer in float32_peers else "-"}
        line |= {"linewidth": 2.2, "zorder": 3} if peer == "nogil_kernels" else {"linewidth": 1.2}
        values = [family.value(result, peer) for result in of_peer]
        panel_axes.plot([result.size for result in of_peer], values, label=peer, marker=".", **line)
    for result in results:
        if limit := result.fastest([peer for peer in result.samples if peer.startswith("ceiling")]):
            panel_axes.axhline(
                family.value(result, limit), label=family.limit, color=style.FAINT, linestyle="--", linewidth=1
            )
    if family.x_base == 2 or not family.limit:
        sizes = sorted({result.size for result in results})
        panel_axes.set_xticks(sizes[:: max(1, len(sizes) // 7)])
        panel_axes.xaxis.set_major_formatter(ScalarFormatter())
    else:
        panel_axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    panel_axes.set(xlabel=family.x_label, ylabel=family.unit, ylim=(0, None))
    style.title(panel_axes, f"{title} (dotted: computed in float32)" if float32_peers else title)
    panel_axes.grid(alpha=0.25)
    panel_axes.minorticks_off()
