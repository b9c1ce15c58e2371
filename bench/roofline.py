"""The roofline: how near each kernel comes to what one core can do at most.

No loop is faster than the multiply-adds of a core, nor than the bytes that it reads from where the data lies; with I
flops for each byte that a kernel has to move, its roof is min(peak, I * bandwidth). Both are measured in the
rounds in which the kernel is, so that a slow moment lowers roof and kernel alike.

Source of the model: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures", Communications of the ACM 52 (4), 2009.

What this is not: a measurement of traffic. Bytes are what has to be moved at least, each operand once; and an operand
counts as lying in the smallest cache that holds all of them twice.

Metadata of a benchmark: nk_name, nk_dtype and nk_level say what was timed and where its data is, nk_flops and nk_bytes
how much it did, nk_data_bytes how large its data is, nk_code what was executed. What has no bytes is the peak of
multiply-adds, what has no flops is the fastest way to read.
"""

import argparse
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table

import nogil_kernels
from nogil_kernels.measure import ceiling, machine
from nogil_kernels.measure.facts import Fact
from nogil_kernels.measure.samples import Interval, interval, ratio

from . import experiment, tables
from .experiment import Batch, Timed

KIB, MIB = 1 << 10, 1 << 20
L1_FALLBACK, L3_FALLBACK = 32 * KIB, 8 * MIB
SECONDS, QUICK_SECONDS = 3.0, 0.2  # for each level of the memory
STEPS = 20_000  # of multiply-adds: 30 to 50 us a call, so that the call itself is nothing
PASS_BYTES = 4 * MIB  # that one call reads at least, for the same reason
DTYPES = ("float64", "float32")
SIZES = (64, 256, 1024)
"""Rows and columns of the matrices; the smallest are not multiplied by a vector."""

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


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """A batch for each level: its roofs, and the kernels whose data lies there."""
    known = levels()
    namespace: dict[str, Any] = {
        "matmul": nogil_kernels.matmul,
        "sum_of_squares": nogil_kernels.sum_of_squares,
        "multiply_adds": ceiling.multiply_adds,
        "read": ceiling.read,
    }
    works = list(kernels(known, namespace))
    seconds = QUICK_SECONDS if options.quick else SECONDS
    for index, (level, size) in enumerate(known, 1):
        x = np.ones(size // 8)  # the same memory for all dtypes: a float64 1.0 is 0.0 and 1.875 in float32
        namespace |= {f"x_{dtype}_{level}": x.view(dtype) for dtype in (*DTYPES, "uint8")}
        here = [work for work in works if work.metadata["nk_level"] == level]
        yield Batch([*roofs(level, size), *here], namespace, seconds, index / len(known))


def kernels(known: Sequence[Level], namespace: dict[str, Any]) -> Iterator[Timed]:
    """The statements of the kernels; their operands go to `namespace`."""
    for dtype in DTYPES:
        itemsize = np.dtype(dtype).itemsize
        for n in SIZES:
            for name in "abc":
                namespace[f"{name}_{dtype}_{n}"] = np.ones((n, n), dtype)
            code = f"matmul(a_{dtype}_{n}, b_{dtype}_{n}, out=c_{dtype}_{n})"
            size = 3 * itemsize * n * n
            yield timed(f"matmul {n}", code, level_of(size, known), dtype, 2 * n**3, size)
        for level, size in known:
            code = f"sum_of_squares(x_{dtype}_{level})"
            yield timed("sum_of_squares", code, level, dtype, 2 * size // itemsize, size)
        for n in SIZES[1:]:
            namespace[f"v_{dtype}_{n}"], namespace[f"y_{dtype}_{n}"] = np.ones(n, dtype), np.empty(n, dtype)
            code = f"matmul(a_{dtype}_{n}, v_{dtype}_{n}, out=y_{dtype}_{n})"
            size = itemsize * (n * n + 2 * n)
            yield timed(f"A @ v {n}", code, level_of(size, known), dtype, 2 * n * n, size)


def roofs(level: str, size: int) -> Iterator[Timed]:
    """The statements of the roofs over one level: the peak of each dtype, and the fastest way to read there."""
    for dtype in DTYPES:
        code = f"multiply_adds('{dtype}', {STEPS})"
        yield timed("multiply-adds", code, level, dtype, ceiling.multiply_adds(dtype, STEPS), 0)
    _, streams, prefetch = ceiling.read_rates(size)[0]
    passes = max(1, PASS_BYTES // size)
    code = f"read(x_uint8_{level}, {streams}, prefetch={prefetch}, passes={passes})"
    yield timed("read", code, level, "bytes", 0, size * passes, size)


def timed(name: str, code: str, level: str, dtype: str, flops: int, size: int, data: int = 0) -> Timed:
    """A statement, where its data lies, how much it does; `size` are the bytes that it has to move at least."""
    metadata: dict[str, Fact] = {
        "nk_name": name,
        "nk_level": level,
        "nk_dtype": dtype,
        "nk_flops": flops,
        "nk_bytes": size,
        "nk_data_bytes": data or size,
        "nk_code": code,
    }
    return Timed(f"{name}, {dtype}, {level}", code, metadata)


SHORT = {"float64": "f64", "float32": "f32"}
NOTE = (
    "Medians. share: of the kernel's roof, round by round, with the 95 % interval of the median. roof: what bounds"
    " the kernel, the peak of multiply-adds or reading from where its data lies. Kernels as they are called, the"
    " call included. matmul N: N x N matrices; A @ v N: N x N by N."
)


class Point:
    """One benchmark of the suite: a roof where it has no bytes or no flops, else a kernel."""

    def __init__(self, benchmark: Any) -> None:
        known = benchmark.get_metadata()
        self.name, self.level, self.dtype = known["nk_name"], known["nk_level"], known["nk_dtype"]
        self.flops, self.size, self.data = known["nk_flops"], known["nk_bytes"], known["nk_data_bytes"]
        self.values: Sequence[float] = benchmark.get_values()
        seconds = interval(self.values).median
        self.flop_rate, self.byte_rate = self.flops / seconds, self.size / seconds


class Roofline:
    """The points of a suite, and what is derived from them."""

    def __init__(self, suite: Any) -> None:
        points = [Point(benchmark) for benchmark in suite]
        kernels = [point for point in points if point.flops and point.size]
        self.kernels = sorted(kernels, key=lambda point: (point.name.split()[0], point.dtype[::-1], point.size))
        self.peaks = {(point.level, point.dtype): point for point in points if not point.size}
        self.dtypes = sorted({dtype for _, dtype in self.peaks}, reverse=True)
        self.reads = {point.level: point for point in points if not point.flops}

    def peak(self, dtype: str) -> float:
        """The most flops per second: the median of all levels' samples, which differ by the moment alone."""
        peaks = [point for (_, found), point in self.peaks.items() if found == dtype]
        return interval([point.flops / value for point in peaks for value in point.values]).median

    def share(self, kernel: Point) -> tuple[Interval, str]:
        """Return the kernel's speed as a share of its roof's, round by round, and what its roof is made of."""
        peak, read = self.peaks[kernel.level, kernel.dtype], self.reads[kernel.level]
        at_peak = (kernel.flops / peak.flops * value for value in peak.values)
        at_bandwidth = (kernel.size / read.size * value for value in read.values)
        fastest = [max(both) for both in zip(at_peak, at_bandwidth, strict=True)]
        roof = "peak" if kernel.flops / kernel.size * read.byte_rate > peak.flop_rate else kernel.level
        return ratio(fastest, kernel.values), roof


def render(suite: Any) -> Iterator[RenderableType]:
    """The roofs, and under them the kernels."""
    roofline = Roofline(suite)
    yield tables.titled("Roofs of one core", _roof_table(roofline))
    if roofline.kernels:
        yield tables.titled("Kernels under them", _kernel_table(roofline))
        yield tables.note(NOTE)


def _roof_table(roofline: Roofline) -> Table:
    table = tables.table("", "measured on", "at most")
    for dtype in roofline.dtypes:
        table.add_row(f"multiply-adds, {dtype}", "registers", f"{roofline.peak(dtype) / 1e9:.1f} GFLOP/s")
    for level, read in roofline.reads.items():
        table.add_row(f"reading {level}", tables.size(read.data), f"{read.byte_rate / 1e9:.1f} GB/s")
    return table


def _kernel_table(roofline: Roofline) -> Table:
    table = tables.table("", "data", "flop/B", "GFLOP/s", "GB/s", "share", "95 %")
    table.add_column("roof", no_wrap=True)
    for kernel in roofline.kernels:
        share, roof = roofline.share(kernel)
        table.add_row(
            f"{kernel.name} {SHORT[kernel.dtype]}",
            tables.size(kernel.data),
            tables.number(kernel.flops / kernel.size),
            tables.number(kernel.flop_rate / 1e9),
            tables.number(kernel.byte_rate / 1e9),
            f"{share.median:.0%}",
            share.span("{:.0%}".format),
            roof,
        )
    return table


main = experiment.Experiment(
    name="roofline",
    about=__doc__ or "",
    quick="fewer rounds: a quarter of a minute",
    batches=batches,
    render=render,
).main
