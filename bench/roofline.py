"""The roofline: the speed of each kernel as a share of the most that one core can do.

Two limits bound a loop: the core's rate of multiply-adds (the peak), and its rate of reading from the cache or memory
that has the data (the bandwidth). A kernel with I flops per byte has the roof min(peak, I * bandwidth). Peak and
bandwidth are measured in the same rounds as the kernel, so a slow moment lowers roof and kernel equally.

Source of the model: Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore
architectures", Communications of the ACM 52 (4), 2009.

This experiment does not measure memory traffic. The bytes of a kernel are a lower bound: each operand moves once. The
level of its data is the smallest cache that is at least twice as large as all operands together.

Metadata of a benchmark: nk_name, nk_dtype and nk_level (what was timed, and the level of its data), nk_flops and
nk_bytes (its work), nk_data_bytes (the size of its data), nk_code (the statement). A benchmark without bytes is the
peak of multiply-adds, and one without flops is the fastest way to read.
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
from .experiment import Batch, Statement

KIB, MIB = 1 << 10, 1 << 20
L1_FALLBACK, L3_FALLBACK = 32 * KIB, 8 * MIB
SECONDS, QUICK_SECONDS = 3.0, 0.2  # per level
STEPS = 20_000  # multiply-adds per call: 30 to 50 us, so the cost of the call does not matter
PASS_BYTES = 4 * MIB  # the least bytes that a call reads, for the same reason
DTYPES = ("float64", "float32")
SIZES = (64, 256, 1024)
"""Rows and columns of the matrices. A @ v is measured for all but the smallest."""

Level = tuple[str, int]
"""A cache or the memory: its name, and the bytes of data that are measured there."""


def levels() -> list[Level]:
    """Return the levels: half of each cache, and a size that exceeds all caches.

    A virtual machine reports the whole L3 of its host, even if its own share of it is small. So the data in L3 has at
    most the size of 8 L2 caches. The data in memory has at most 1 GiB.
    """
    l1, l2 = machine.cache_bytes(1) or L1_FALLBACK, machine.l2_bytes()
    l3 = machine.cache_bytes(3) or max(L3_FALLBACK, 4 * l2)
    return [
        ("L1", l1 // 2),
        ("L2", l2 // 2),
        ("L3", min(l3 // 2, 8 * l2)),
        ("memory", min(max(2 * l3, 256 * MIB), 1 << 30)),
    ]


def level_of(data_bytes: int, cache_levels: Sequence[Level]) -> str:
    """Return the first level that has at least `data_bytes` bytes."""
    return next((name for name, capacity in cache_levels if data_bytes <= capacity), "memory")


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """Yield a batch per level: its roofs, and the kernels whose data is there."""
    cache_levels = levels()
    namespace: dict[str, Any] = {"matmul": nogil_kernels.matmul, "sum_of_squares": nogil_kernels.sum_of_squares}
    namespace |= {"multiply_adds": ceiling.multiply_adds, "read": ceiling.read}
    kernel_statements = list(kernels(cache_levels, namespace))
    seconds = QUICK_SECONDS if options.quick else SECONDS
    for index, (level, data_bytes) in enumerate(cache_levels, 1):
        # All dtypes view the same memory: the bytes of a float64 1.0 are the float32 numbers 0.0 and 1.875.
        x = np.ones(data_bytes // 8)
        namespace |= {f"x_{dtype}_{level}": x.view(dtype) for dtype in (*DTYPES, "uint8")}
        in_level = [kernel for kernel in kernel_statements if kernel.metadata["nk_level"] == level]
        yield Batch([*roofs(level, data_bytes), *in_level], namespace, seconds, index / len(cache_levels))


def kernels(cache_levels: Sequence[Level], namespace: dict[str, Any]) -> Iterator[Statement]:
    """Yield the statements of the kernels; add their operands to `namespace`."""
    for dtype in DTYPES:
        itemsize = np.dtype(dtype).itemsize
        for n in SIZES:
            for name in "abc":
                namespace[f"{name}_{dtype}_{n}"] = np.ones((n, n), dtype)
            code = f"matmul(a_{dtype}_{n}, b_{dtype}_{n}, out=c_{dtype}_{n})"
            moved_bytes = 3 * itemsize * n * n
            level = level_of(moved_bytes, cache_levels)
            yield statement_with_metadata(f"matmul {n}", code, level, dtype, 2 * n**3, moved_bytes)
        for level, data_bytes in cache_levels:
            code = f"sum_of_squares(x_{dtype}_{level})"
            yield statement_with_metadata("sum_of_squares", code, level, dtype, 2 * data_bytes // itemsize, data_bytes)
        for n in SIZES[1:]:
            namespace[f"v_{dtype}_{n}"], namespace[f"y_{dtype}_{n}"] = np.ones(n, dtype), np.empty(n, dtype)
            code = f"matmul(a_{dtype}_{n}, v_{dtype}_{n}, out=y_{dtype}_{n})"
            moved_bytes = itemsize * (n * n + 2 * n)
            level = level_of(moved_bytes, cache_levels)
            yield statement_with_metadata(f"A @ v {n}", code, level, dtype, 2 * n * n, moved_bytes)


def roofs(level: str, data_bytes: int) -> Iterator[Statement]:
    """Yield the statements of a level's roofs: the peak of each dtype, and the fastest way to read there."""
    for dtype in DTYPES:
        code = f"multiply_adds('{dtype}', {STEPS})"
        yield statement_with_metadata("multiply-adds", code, level, dtype, ceiling.multiply_adds(dtype, STEPS), 0)
    _, streams, prefetch = ceiling.read_rates(data_bytes)[0]
    passes = max(1, PASS_BYTES // data_bytes)
    code = f"read(x_uint8_{level}, {streams}, prefetch={prefetch}, passes={passes})"
    yield statement_with_metadata("read", code, level, "bytes", 0, data_bytes * passes, data_bytes)


def statement_with_metadata(
    name: str, code: str, level: str, dtype: str, flops: int, moved_bytes: int, data_bytes: int = 0
) -> Statement:
    """Return a statement with its metadata. `moved_bytes` is the lower bound of the bytes that it moves."""
    metadata: dict[str, Fact] = {
        "nk_name": name,
        "nk_level": level,
        "nk_dtype": dtype,
        "nk_flops": flops,
        "nk_bytes": moved_bytes,
        "nk_data_bytes": data_bytes or moved_bytes,
        "nk_code": code,
    }
    return Statement(f"{name}, {dtype}, {level}", code, metadata)


SHORT = {"float64": "f64", "float32": "f32"}
NOTE = (
    "How to read it: all numbers are medians. share is the kernel's speed as a share of its roof, computed per round,"
    " with the 95 % interval of the median. roof names the limit: the peak of multiply-adds, or reading from the level"
    " that has the data. Times include the call. matmul N multiplies N x N matrices, A @ v N a matrix by a vector."
)


class Point:
    """One benchmark of the suite: a roof if it has no bytes or no flops, a kernel otherwise."""

    def __init__(self, benchmark: Any) -> None:
        metadata = benchmark.get_metadata()
        self.name, self.level, self.dtype = metadata["nk_name"], metadata["nk_level"], metadata["nk_dtype"]
        self.flops, self.moved_bytes = metadata["nk_flops"], metadata["nk_bytes"]
        self.data_bytes = metadata["nk_data_bytes"]
        self.values: Sequence[float] = benchmark.get_values()
        seconds = interval(self.values).median
        self.flop_rate, self.byte_rate = self.flops / seconds, self.moved_bytes / seconds


class Roofline:
    """The points of a suite, and the shares that follow from them."""

    def __init__(self, suite: Any) -> None:
        points = [Point(benchmark) for benchmark in suite]
        kernels = [point for point in points if point.flops and point.moved_bytes]
        self.kernels = sorted(kernels, key=lambda point: (point.name.split()[0], point.dtype[::-1], point.moved_bytes))
        self.peaks = {(point.level, point.dtype): point for point in points if not point.moved_bytes}
        self.dtypes = sorted({dtype for _, dtype in self.peaks}, reverse=True)
        self.reads = {point.level: point for point in points if not point.flops}

    def peak(self, dtype: str) -> float:
        """Return the median flops per second over all levels. Their samples differ only in when they were taken."""
        peaks = [point for (_, peak_dtype), point in self.peaks.items() if peak_dtype == dtype]
        return interval([point.flops / value for point in peaks for value in point.values]).median

    def share(self, kernel: Point) -> tuple[Interval, str]:
        """Return the kernel's speed as a share of its roof, computed per round, and the name of the limit."""
        peak, read = self.peaks[kernel.level, kernel.dtype], self.reads[kernel.level]
        seconds_at_peak = (kernel.flops / peak.flops * value for value in peak.values)
        seconds_at_bandwidth = (kernel.moved_bytes / read.moved_bytes * value for value in read.values)
        least_seconds = [max(both) for both in zip(seconds_at_peak, seconds_at_bandwidth, strict=True)]
        roof = "peak" if kernel.flops / kernel.moved_bytes * read.byte_rate > peak.flop_rate else kernel.level
        return ratio(least_seconds, kernel.values), roof


def render(suite: Any) -> Iterator[RenderableType]:
    """Yield the table of the roofs and the table of the kernels."""
    roofline = Roofline(suite)
    yield tables.titled("Roofs of one core", _roof_table(roofline))
    if roofline.kernels:
        yield tables.titled("Kernels", _kernel_table(roofline))
        yield tables.note(NOTE)


def _roof_table(roofline: Roofline) -> Table:
    table = tables.table("", "measured on", "at most")
    for dtype in roofline.dtypes:
        table.add_row(f"multiply-adds, {dtype}", "registers", f"{roofline.peak(dtype) / 1e9:.1f} GFLOP/s")
    for level, read in roofline.reads.items():
        table.add_row(f"reading {level}", tables.size(read.data_bytes), f"{read.byte_rate / 1e9:.1f} GB/s")
    return table


def _kernel_table(roofline: Roofline) -> Table:
    table = tables.table("", "data", "flop/B", "GFLOP/s", "GB/s", "share", "95 %")
    table.add_column("roof", no_wrap=True)
    for kernel in roofline.kernels:
        share, roof = roofline.share(kernel)
        table.add_row(
            f"{kernel.name} {SHORT[kernel.dtype]}",
            tables.size(kernel.data_bytes),
            tables.number(kernel.flops / kernel.moved_bytes),
            tables.number(kernel.flop_rate / 1e9),
            tables.number(kernel.byte_rate / 1e9),
            f"{share.median:.0%}",
            share.span("{:.0%}".format),
            roof,
        )
    return table


main = experiment.Experiment(
    name="roofline", docstring=__doc__ or "", quick_help="fewer rounds: 15 s", batches=batches, render=render
).main
