"""The slow-down of a call while it is sampled. Each round has the call with and without a sampler, in turns."""

import hashlib
import statistics
import time
from collections.abc import Callable, Iterator

from rich.console import RenderableType

from nogil_kernels.gil import probing
from nogil_kernels.measure import samples

from .. import tables

SECONDS = 0.1  # of one side of a round
DATA = bytes(10**6)
CALLS: dict[str, Callable[[], object]] = {
    "pure Python": lambda: [number % 7 for number in range(30_000)],
    "sum(range(10**5)), native, GIL held": lambda: sum(range(10**5)),
    "sha256 of 1 MB, native, GIL released": lambda: hashlib.sha256(DATA),
}


def seconds(call: Callable[[], object], sampled: bool) -> float:
    """Return the first quartile of the call's times: other programs slow some calls, the sampler slows all."""
    times = []

    def timed_call() -> None:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)

    end = time.perf_counter() + SECONDS
    if sampled:
        probing.measure(timed_call, limit=SECONDS, parallel=False, advise=False, decides=lambda fraction, tally: False)
    while time.perf_counter() < end and not sampled:
        timed_call()
    return statistics.quantiles(times, n=4)[0]


def run(times: int) -> Iterator[RenderableType]:
    """Yield the medians of `times` rounds, and the ratio of both sides."""
    table = tables.table("call", "ms without", "ms sampled", "sampled / without")
    for name, call in CALLS.items():
        rounds = []
        for index in range(times):
            rounds.append({sampled: seconds(call, sampled) for sampled in (index % 2 > 0, index % 2 == 0)})
        without, sampled = ([each[side] for each in rounds] for side in (False, True))
        medians = [f"{1e3 * statistics.median(side):.3f}" for side in (without, sampled)]
        table.add_row(name, *medians, samples.ratio(sampled, without).text("{:.3f}".format))
    yield tables.titled(f"Slow-down by the sampler: median of {times} rounds, with its 95 % interval", table)
