"""The results as plots: rate over size, a line for each peer, with the machine's limits drawn in."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from .cases import FLOATS
from .measured import Result
from .tables import is_sum, rate, rate_unit

FAMILIES = {"C := A @ B, square": ("matmul-small", "matmul-square"), "sum of squares": ("sums-small", "sums")}
X_LABELS = {"GFLOP/s": "n of n x n matrices", "GB/s": "numbers in x"}
LIMITS = {"GFLOP/s": "FMA peak", "GB/s": "memory's bandwidth"}
OWN = {"color": "black", "linewidth": 2.2, "zorder": 3}
SETTINGS: Any = {"svg.hashsalt": "nogil_kernels", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
            "axes.spines.right": False}  # fmt: skip


def draw(results: Sequence[Result], facts: Mapping[str, Any], path: str) -> None:
    """Write a figure of these results: a row for each family, a column for each type. The same results, the same file.

    Raises ValueError where there is nothing to draw over a size.
    """
    rows = {title: [r for r in results if r.group in groups] for title, groups in FAMILIES.items()}
    rows = {title: found for title, found in rows.items() if found}
    if not rows:
        raise ValueError(f"nothing to draw: {path} would show {' and '.join(FAMILIES)}, and neither was measured")
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(9.5, 3.7 * len(rows)), layout="constrained")
        grid = figure.subplots(len(rows), len(FLOATS), squeeze=False)
        for axes, (title, found) in zip(grid, rows.items(), strict=True):
            for axis, dtype in zip(axes, FLOATS, strict=True):
                panel(axis, [r for r in found if r.dtype == dtype], f"{title}, {dtype}")
            lines = {
                label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)
            }
            axes[-1].legend(lines.values(), lines.keys(), loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        figure.suptitle(f"{facts['cpu_model_name']}, {facts.get('nk_isa', facts['nk_backend'])}, one thread")
        figure.savefig(path, metadata={"Date": None} if path.endswith(".svg") else None, dpi=150)


def panel(axis: Axes, results: Sequence[Result], title: str) -> None:
    """One family and type."""
    axis.set_title(title, fontsize="medium")
    if not results:
        return
    own, unit = results[0].own, rate_unit(results[0])
    axis.set_xscale("log", base=10 if is_sum(results[0]) else 2)
    if not is_sum(results[0]):
        axis.xaxis.set_major_formatter(ScalarFormatter())
    for peer in dict.fromkeys(peer for result in results for peer in result.samples):
        there = [result for result in results if peer in result.samples]
        if peer.startswith("ceiling"):
            continue
        style = OWN if peer == own else {"linewidth": 1.1, "alpha": 0.85}
        axis.plot([r.size for r in there], [rate(r, peer) for r in there], label=peer, marker=".", **style)
    for result in results:
        if limit := result.fastest([peer for peer in result.samples if peer.startswith("ceiling")]):
            axis.axhline(rate(result, limit), linestyle="--", linewidth=1, color="grey", label=LIMITS[unit])
    axis.set_xlabel(X_LABELS[unit])
    axis.set_ylabel(unit)
    axis.set_ylim(bottom=0)
    axis.minorticks_off()
    axis.grid(alpha=0.25)
