"""What roofline shows: the roofs of one core, and each kernel's share of its own.

Metadata of a benchmark: nk_name, nk_dtype and nk_level say what was timed and where its data lies, nk_flops and
nk_bytes how much it did, nk_data_bytes how large its data is, nk_code what was executed. What has no bytes is the peak
of multiply-adds, what has no flops is the fastest way to read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from nogil_kernels.measure import style
from nogil_kernels.measure.samples import Interval, interval, ratio

from .. import tables

SHORT = {"float64": "f64", "float32": "f32"}
NOTE = (
    "Medians. share: of the kernel's roof, round by round, with the 95 % interval of the median. roof: what bounds"
    " the kernel, the peak of multiply-adds or reading from where its data lies. Kernels as they are called, the"
    " call included. matmul N: N x N matrices; A @ v N: N x N by N."
)


@dataclass(frozen=True)
class Point:
    """One benchmark of the suite: a roof where it has no bytes or no flops, else a kernel."""

    name: str
    level: str
    dtype: str
    flops: float
    size: float
    data: int
    values: Sequence[float]

    @property
    def intensity(self) -> float:
        """Flops for each byte that has to be moved."""
        return self.flops / self.size

    @property
    def flop_rate(self) -> float:
        """Flops per second."""
        return self.flops / interval(self.values).median

    @property
    def byte_rate(self) -> float:
        """Bytes per second."""
        return self.size / interval(self.values).median


class Roofline:
    """The points of a suite, and what is derived from them."""

    def __init__(self, suite: Any) -> None:
        points = [_point(benchmark) for benchmark in suite]
        kernels = [point for point in points if point.flops and point.size]
        self.kernels = sorted(kernels, key=lambda point: (point.name.split()[0], point.dtype[::-1], point.size))
        self.peaks = {(point.level, point.dtype): point for point in points if not point.size}
        self.dtypes = sorted({dtype for _, dtype in self.peaks}, reverse=True)
        self.reads = {point.level: point for point in points if not point.flops}

    def peak(self, dtype: str) -> float:
        """The most flops per second: the median of all levels' samples, which differ by the moment alone."""
        peaks = [point for (_, found), point in self.peaks.items() if found == dtype]
        return interval([point.flops / value for point in peaks for value in point.values]).median

    def share(self, kernel: Point) -> Interval:
        """The kernel's speed as a share of its roof's, round by round."""
        peak, read = self.peaks[kernel.level, kernel.dtype], self.reads[kernel.level]
        at_peak = (kernel.flops / peak.flops * value for value in peak.values)
        at_bandwidth = (kernel.size / read.size * value for value in read.values)
        fastest = [max(both) for both in zip(at_peak, at_bandwidth, strict=True)]
        return ratio(fastest, kernel.values)

    def limit(self, kernel: Point) -> str:
        """What its roof is made of."""
        peak, read = self.peaks[kernel.level, kernel.dtype], self.reads[kernel.level]
        return "peak" if kernel.intensity * read.byte_rate > peak.flop_rate else kernel.level


def _point(benchmark: Any) -> Point:
    known = benchmark.get_metadata()
    return Point(
        name=known["nk_name"],
        level=known["nk_level"],
        dtype=known["nk_dtype"],
        flops=known["nk_flops"],
        size=known["nk_bytes"],
        data=known["nk_data_bytes"],
        values=benchmark.get_values(),
    )


def render(suite: Any) -> Iterator[RenderableType]:
    """The roofs, and under them the kernels."""
    roofline = Roofline(suite)
    yield tables.titled("Roofs of one core", _roofs(roofline))
    if roofline.kernels:
        yield tables.titled("Kernels under them", _kernels(roofline))
        yield tables.note(NOTE)


def _roofs(roofline: Roofline) -> Table:
    table = style.table()
    table.add_column("")
    table.add_column("measured on", justify="right")
    table.add_column("at most", justify="right")
    for dtype in roofline.dtypes:
        table.add_row(f"multiply-adds, {dtype}", "registers", f"{roofline.peak(dtype) / 1e9:.1f} GFLOP/s")
    for level, read in roofline.reads.items():
        table.add_row(f"reading {level}", tables.size(read.data), f"{read.byte_rate / 1e9:.1f} GB/s")
    return table


def _kernels(roofline: Roofline) -> Table:
    table = style.table()
    table.add_column("", no_wrap=True)
    for heading in ("data", "flop/B", "GFLOP/s", "GB/s", "share", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("roof", no_wrap=True)
    for kernel in roofline.kernels:
        share = roofline.share(kernel)
        table.add_row(
            f"{kernel.name} {SHORT[kernel.dtype]}",
            tables.size(kernel.data),
            tables.number(kernel.intensity),
            tables.number(kernel.flop_rate / 1e9),
            tables.number(kernel.byte_rate / 1e9),
            f"{share.median:.0%}",
            share.span("{:.0%}".format),
            roofline.limit(kernel),
        )
    return table
