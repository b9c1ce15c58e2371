"""Reports of known numbers: rows as the runner makes them, with given samples."""

from nogil_kernels.scaling.report import Report
from nogil_kernels.scaling.report.suite import Measured
from nogil_kernels.scaling.rows import Row, Sample

FACTS = {
    "date": "2026-01-02 03:04:05",
    "python_version": "3.14.2",
    "python_implementation": "cpython",
    "cpu_model_name": "A Processor",
    "nk_version": "1.0",
    "nk_backend": "compiled",
    "nk_isa": "avx2",
    "nk_usable_cores": 64,
    "nk_gil_enabled": 1,
    "nk_free_threaded_build": 0,
    "nk_l2_bytes": 1 << 20,
}
SPREAD = (1.0, 0.97, 1.03, 0.99, 1.01, 0.98, 1.02)
"""The samples of a row divided by their median."""
CALLS = 192


def series(
    workload,
    way,
    workers,
    seconds,
    side="",
    setting="",
    limit="arithmetic",
    lost=None,
    spread=SPREAD,
    size="a call",
    verdict="",
    hold="",
    p99=None,
    own_threads=1.0,
):
    """Return a row and its samples, one per start of the workers. The median time of CALLS calls is `seconds`."""
    updates = 0 if lost is None else 1000
    row = Row(workload, side, setting, way, workers, CALLS, size, limit, updates, verdict, hold)
    shift = (workers + len(way)) % max(1, len(spread))
    spread = spread[shift:] + spread[:shift]  # the slow samples of the rows are in different starts
    lost_updates = [None] * len(spread) if lost is None else [round(lost * CALLS * 1000 * s) for s in spread]
    return row, [
        [Sample(seconds * s, 0.002, number, p99 and p99 * s, own_threads=own_threads)]
        for s, number in zip(spread, lost_updates, strict=True)
    ]


def report(*sessions, weak=False, notes=(), interrupted=False, **facts):
    """Return the report of several sessions. Each session is a list of series."""
    names = ["3.14", "3.14t GIL off", "3.14t GIL on", *(f"3.{minor}" for minor in range(15, 30))]
    start_up = {"threads": 0.001, "pool": 0.2, "processes": 0.3}
    return Report.of(
        [
            Measured(name, FACTS | facts, start_up, dict(session))
            for name, session in zip(names, sessions, strict=False)
        ],
        weak=weak,
        notes=notes,
        interrupted=interrupted,
    )


def scaling(workload, curves, counts, sides=("",), **options):
    """Return the series of a workload. `curves` maps (side, way) to a function from workers to speed-up."""
    rows = [series(workload, "sequential", 1, 1.0, side, **options) for side in sides]
    for (side, way), curve in curves.items():
        rows += [series(workload, way, n, 1 / curve(n), side, **options) for n in counts]
    return rows


def amdahl(sigma, kappa=0.0):
    """Return the speed-up of n workers if the share sigma is serial and each pair of workers costs kappa."""
    return lambda n: n / (1 + sigma * (n - 1) + kappa * n * (n - 1))


def native(counts, gain=0.95):
    """Return the series of the native ceiling."""
    alone = series("native-arithmetic", "sequential", 1, 1.0)
    return [alone, *(series("native-arithmetic", "threads", n, 1 / (gain * n)) for n in counts if n > 1)]


def kernels(counts, ways=("threads", "pool", "processes")):
    """Return the series of a kernel whose threads scale if they release the GIL."""
    curves = {("hold", way): amdahl(1.0 if way == "threads" else 0.02 + 0.03 * i) for i, way in enumerate(ways)}
    curves |= {("release", way): amdahl(0.01 + 0.02 * i, 0.0002 * i) for i, way in enumerate(ways)}
    return scaling("matmul", curves, counts, ("hold", "release"))


def waiting():
    """Return the series of two waiting workloads with five workers."""
    rows = []
    for name, seconds in (("sleep", 0.1), ("http-fetch", 0.2)):
        rows += [
            series(name, "sequential", 1, seconds, limit="", size="a sleep of 20 ms"),
            series(name, "threads", 5, seconds / 4.9, limit=""),
            series(name, "asyncio", 5, seconds / 4.6, limit=""),
        ]
    return rows


def counter():
    """Return the series of counters with and without lost updates. There is no sequential row."""
    return [
        series("counter", "threads", 4, 0.1, side, limit="", lost=lost)
        for side, lost in (("plain", 0.0), ("call", 0.31), ("locked", 0.0))
    ]


def convoy(**options):
    """Return the series of the convoy: the latency of a kernel beside a thread that runs Python."""
    seconds = {"alone": 20e-6, "5 ms": 5e-3, "0.5 ms": 5.6e-4, "0.05 ms": 9e-5}
    return [
        series("convoy", "sequential", 1, CALLS * time, side, setting, "", p99=2 * time, **options)
        for setting in seconds
        for side, time in (("hold", 40e-6), ("release", seconds[setting]))
    ]
