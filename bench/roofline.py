"""The roofline: how near each kernel comes to what one core can do at most.

No loop is faster than the multiply-adds of a core, nor than the bytes that it reads from where the data lies; with I
flops for each byte that a kernel has to move, its roof is min(peak, I * bandwidth). Both are measured in the
rounds in which the kernel is, so that a slow moment lowers roof and kernel alike.

Source of the model: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures", Communications of the ACM 52 (4), 2009.

What this is not: a measurement of traffic. Bytes are what has to be moved at least, each operand once; and an operand
counts as lying in the smallest cache that holds all of them twice.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import nogil_kernels
from nogil_kernels.extras import require
from nogil_kernels.measure import ceiling, machine
from nogil_kernels.measure.facts import Fact

from . import suites
from .timing import Interval, Samples, median, ratio, sample

KIB, MIB = 1 << 10, 1 << 20
L1_FALLBACK, L3_FALLBACK = 32 * KIB, 8 * MIB
SECONDS, QUICK_SECONDS = 3.0, 0.2  # for each level of the memory
STEPS = 20_000  # of multiply-adds: 30 to 50 us a call, so that the call itself is nothing
PASS_BYTES = 4 * MIB  # that one call reads at least, for the same reason
SHORT = {"float64": "f64", "float32": "f32"}
DTYPES = tuple(SHORT)
SIZES = (64, 256, 1024)
"""Rows and columns of the matrices; the smallest are not multiplied by a vector."""
LEFT: dict[str, Any] = {"title_justify": "left", "title_style": "bold"}

Level = tuple[str, int]
"""Where data lies, and of how many bytes it is that fit there."""


def levels() -> list[Level]:
    """Half of each cache, and what is larger than all of them.

    A virtual machine tells of its host's L3, whatever its own share is. 8 L2 are taken of it at most, and what is to
    lie in memory is no more than 1 GiB.
    """
    l1, l2 = machine.cache_bytes(1) or L1_FALLBACK, machine.l2_bytes()
    l3 = machine.cache_bytes(3) or max(L3_FALLBACK, 4 * l2)
    return [
        ("L1", l1 // 2),
        ("L2", l2 // 2),
        ("L3", min(l3 // 2, 8 * l2)),
        ("memory", min(max(2 * l3, 256 * MIB), 1 << 30)),
    ]


def level_of(size: int, known: Sequence[Level]) -> str:
    """The first level that holds so many bytes."""
    return next((name for name, fits in known if size <= fits), "memory")


@dataclass(frozen=True)
class Statement:
    """Something to time: what it is, where its data lies, and how much it does."""

    name: str
    code: str
    level: str
    dtype: str
    flops: float
    size: float
    """Bytes that it has to move at least."""


def kernels(known: Sequence[Level], namespace: dict[str, Any]) -> Iterator[Statement]:
    """The statements of the kernels; their operands go to `namespace`."""
    for dtype in DTYPES:
        itemsize = np.dtype(dtype).itemsize
        for n in SIZES:
            for name in "abc":
                namespace[f"{name}_{dtype}_{n}"] = np.ones((n, n), dtype)
            code = f"matmul(a_{dtype}_{n}, b_{dtype}_{n}, out=c_{dtype}_{n})"
            size = 3 * itemsize * n * n
            yield Statement(f"matmul {n}", code, level_of(size, known), dtype, 2 * n**3, size)
        for level, size in known:
            count = size // itemsize
            namespace[f"x_{dtype}_{level}"] = np.ones(count, dtype)
            yield Statement("sum_of_squares", f"sum_of_squares(x_{dtype}_{level})", level, dtype, 2 * count, size)
        for n in SIZES[1:]:
            namespace[f"v_{dtype}_{n}"], namespace[f"y_{dtype}_{n}"] = np.ones(n, dtype), np.empty(n, dtype)
            code = f"matmul(a_{dtype}_{n}, v_{dtype}_{n}, out=y_{dtype}_{n})"
            size = itemsize * (n * n + 2 * n)
            yield Statement(f"A @ v {n}", code, level_of(size, known), dtype, 2 * n * n, size)


def roofs(level: Level, namespace: dict[str, Any]) -> Iterator[Statement]:
    """The statements of the roofs over one level: the peak of each dtype, and the fastest way to read there."""
    name, size = level
    for dtype in DTYPES:
        flops = ceiling.multiply_adds(dtype, STEPS)
        yield Statement("multiply-adds", f"multiply_adds('{dtype}', {STEPS})", name, dtype, flops, 0)
    namespace[f"buffer_{name}"] = np.ones(size, np.uint8)
    _, streams, prefetch = ceiling.read_rates(size)[0]
    passes = max(1, PASS_BYTES // size)
    code = f"read(buffer_{name}, {streams}, prefetch={prefetch}, passes={passes})"
    yield Statement("read", code, name, "bytes", 0, size * passes)


def measure(seconds: float) -> Any:
    """The suite of all statements, level by level; those of a level in the same rounds."""
    namespace: dict[str, Any] = {
        "matmul": nogil_kernels.matmul,
        "sum_of_squares": nogil_kernels.sum_of_squares,
        "multiply_adds": ceiling.multiply_adds,
        "read": ceiling.read,
    }
    known = levels()
    works = list(kernels(known, namespace))
    samples: Samples = {}
    metadata: dict[str, dict[str, Fact]] = {}
    for level in known:
        group = {
            f"{one.name}, {one.dtype}, {one.level}": one
            for one in [*roofs(level, namespace), *(work for work in works if work.level == level[0])]
        }
        samples |= sample({name: one.code for name, one in group.items()}, namespace, seconds)
        for name, one in group.items():
            metadata[name] = {
                "nk_bench": "roofline",
                "nk_name": one.name,
                "nk_level": one.level,
                "nk_level_bytes": level[1],
                "nk_dtype": one.dtype,
                "nk_flops": one.flops,
                "nk_bytes": one.size,
                "nk_code": one.code,
            }
    return suites.make(samples, metadata)


@dataclass(frozen=True)
class Point:
    """One benchmark of the suite: a roof where it has no bytes or no flops, else a kernel."""

    name: str
    level: str
    level_bytes: int
    dtype: str
    flops: float
    size: float
    values: Sequence[float]

    @property
    def intensity(self) -> float:
        """Flops for each byte that has to be moved."""
        return self.flops / self.size

    @property
    def flop_rate(self) -> float:
        """Flops per second."""
        return self.flops / median(self.values).median

    @property
    def byte_rate(self) -> float:
        """Bytes per second."""
        return self.size / median(self.values).median


class Roofline:
    """The points of a suite, and what is derived from them."""

    def __init__(self, suite: Any) -> None:
        self.suite = suite
        points = [_point(benchmark) for benchmark in suite]
        kernels = [point for point in points if point.flops and point.size]
        self.kernels = sorted(kernels, key=lambda point: (point.name.split()[0], point.dtype[::-1], point.size))
        self.peaks = {(point.level, point.dtype): point for point in points if not point.size}
        self.reads = {point.level: point for point in points if not point.flops}

    def peak(self, dtype: str) -> float:
        """The most flops per second: the median of all levels' samples, which differ by the moment alone."""
        peaks = [point for (_, found), point in self.peaks.items() if found == dtype]
        return median([point.flops / value for point in peaks for value in point.values]).median

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
        level_bytes=known["nk_level_bytes"],
        dtype=known["nk_dtype"],
        flops=known["nk_flops"],
        size=known["nk_bytes"],
        values=benchmark.get_values(),
    )


def size_text(size: float) -> str:
    """24 KiB, 1 MiB."""
    return f"{size / MIB:.3g} MiB" if size >= MIB else f"{size / KIB:.3g} KiB"


def show(roofline: Roofline, console: Console) -> None:
    """Print the roofs, and under them the kernels."""
    console.print(suites.heading(roofline.suite), style="dim", highlight=False)
    table = Table(box=SIMPLE_HEAD, header_style="dim", title="Roofs of one core", **LEFT)
    table.add_column("")
    table.add_column("measured on", justify="right")
    table.add_column("at most", justify="right")
    for dtype in DTYPES:
        table.add_row(f"multiply-adds, {dtype}", "registers", f"{roofline.peak(dtype) / 1e9:.1f} GFLOP/s")
    for level, read in roofline.reads.items():
        table.add_row(f"reading {level}", size_text(read.level_bytes), f"{read.byte_rate / 1e9:.1f} GB/s")
    console.print(table)
    table = Table(
        box=SIMPLE_HEAD, header_style="dim", padding=0, collapse_padding=True, title="Kernels under them", **LEFT
    )
    table.add_column("", no_wrap=True)
    for heading in ("data", "flop/B", "GFLOP/s", "GB/s", "share", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("roof", no_wrap=True)
    for kernel in roofline.kernels:
        share = roofline.share(kernel)
        table.add_row(
            f"{kernel.name} {SHORT[kernel.dtype]}",
            size_text(kernel.size),
            f"{kernel.intensity:.3g}",
            f"{kernel.flop_rate / 1e9:.3g}",
            f"{kernel.byte_rate / 1e9:.3g}",
            f"{share.median:.0%}",
            f"{100 * share.low:.0f} to {100 * share.high:.0f}",
            roofline.limit(kernel),
        )
    console.print(table)
    console.print(
        "Medians. share: of the kernel's roof, round by round, with the 95 % interval of the median. roof: what bounds"
        " the kernel, the peak of multiply-adds or reading from where its data lies. Kernels as they are called, the"
        " call included. matmul N: N x N matrices; A @ v N: N x N by N.",
        style="dim",
        highlight=False,
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure or load, show, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench roofline", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer samples: some 10 seconds")
    parser.add_argument("--json", metavar="FILE", help="also write the samples to FILE, in the format of pyperf")
    parser.add_argument("--from", dest="source", metavar="FILE", help="show what --json wrote; measure nothing")
    parser.add_argument("-o", dest="plot", metavar="FILE", help="also draw the plot: FILE.svg, FILE.png")
    options = parser.parse_args(arguments)
    require("bench", *(["matplotlib"] if options.plot else []))
    try:
        if options.source:
            suite = suites.load(options.source, "roofline")
        else:
            suite = measure(QUICK_SECONDS if options.quick else SECONDS)
    except (OSError, RuntimeError, ValueError) as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    roofline = Roofline(suite)
    show(roofline, Console())
    if options.json:
        suites.save(suite, options.json)
    if options.plot:
        from .roofline_plot import draw

        draw(roofline, options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
