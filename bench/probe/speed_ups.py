"""The forecast for two threads beside the speed-up that two threads reach, for 12 calls."""

import hashlib
import json
import re
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from statistics import median

import numpy as np
from rich.console import RenderableType

from nogil_kernels import matmul
from nogil_kernels.gil import GilReport, probing
from nogil_kernels.gil.forecast import Forecast

from .. import tables

NEAR = 0.1  # the share by which a speed-up may be outside the bracket
TABLE = (
    "create table t as with recursive n(i) as (select 1 union all select i + 1 from n where i < 2e5) select i from n"
)
# A scan, because two threads run a recursive query at 0.75x, although sqlite3 releases the GIL.
QUERY = "select sum(i * i % 7) from t"


def database() -> sqlite3.Connection:
    """Return a connection to a new database that has TABLE."""
    return sqlite3.connect(":memory:", check_same_thread=False).execute(TABLE).connection


def query(idle: list[sqlite3.Connection]) -> None:
    """Query a database that no other thread uses. The threads are new in each probe, so none can own one."""
    connection = idle.pop()
    connection.execute(QUERY).fetchall()
    idle.append(connection)


def loop() -> None:
    """Count in pure Python."""
    total = 0
    for number in range(30_000):
        total += number % 7


def calls(databases: list[sqlite3.Connection]) -> dict[str, Callable[[], object]]:
    """Return the calls by name."""
    rng = np.random.default_rng(0)
    a, b, unsorted = rng.random((300, 300)), rng.random((300, 300)), rng.random(10**6)
    data, text = rng.bytes(10**6), rng.bytes(50_000).hex()
    rows = [{"id": i, "name": f"name {i}", "values": [i, i / 3]} for i in range(14_000)]
    return {
        "pure Python loop": loop,
        "sum(range(10**5))": lambda: sum(range(10**5)),
        "hashlib.sha256, 1 MB": lambda: hashlib.sha256(data),
        "zlib.compress, 1 MB": lambda: zlib.compress(data),
        "time.sleep(0.01)": lambda: time.sleep(0.01),
        "np.dot, 300 x 300": lambda: np.dot(a, b),
        "np.sort, 10**6": lambda: np.sort(unsorted),
        "re.sub, 100 kB": lambda: re.sub("a[1-5]", "x", text),
        "json.dumps, 1 MB": lambda: json.dumps(rows),
        "sqlite3 query, 10 ms": lambda: query(databases),
        "matmul, gil='hold'": lambda: matmul(a, b, gil="hold"),
        "matmul, gil='release'": lambda: matmul(a, b, gil="release"),
    }


def cells(reports: Sequence[GilReport]) -> list[str]:
    """Return the row of repeated reports: medians, and the range of the speed-up."""
    gains = [report.measured for report in reports if report.measured]
    milliseconds = f"{1e3 * median(report.seconds_per_call for report in reports):.2f}"
    if not gains:
        return [milliseconds, "", "", "", "", "", "not measured"]
    speed_up, native = median(gain.speed_up for gain in gains), median(gain.native for gain in gains)
    brackets = [report.forecasts["threads"] for report in reports]
    bracket = Forecast(2, median(b.low for b in brackets), median(b.high for b in brackets))
    reachable = replace(bracket, low=min(bracket.low, native))
    near = f"within {NEAR:.0%}" if reachable.agrees(speed_up, speed_up, NEAR) else "outside"
    return [
        milliseconds,
        f"{median(report.hold_fraction or 0.0 for report in reports):.2f}",
        f"{bracket.low:.2f} to {bracket.high:.2f}",
        f"{speed_up:.2f}",
        f"{min(gain.speed_up for gain in gains):.2f} to {max(gain.speed_up for gain in gains):.2f}",
        f"{native:.2f}",
        "inside" if bracket.agrees(speed_up, speed_up, 0) else near,
    ]


def run(times: int) -> Iterator[RenderableType]:
    """Yield a row per call."""
    table = tables.table("call", "ms", "held", "forecast", "measured", "range", "native", "bracket")
    with closing(database()) as first, closing(database()) as second:
        for name, call in calls([first, second]).items():
            table.add_row(name, *cells([probing.measure(call) for _ in range(times)]))
    yield tables.titled(f"Speed-up of two threads: medians of {times} probes", table)
    yield tables.note(
        "native: the speed-up of native threads in the same rounds. If other programs use the cores, it is low, and a"
        " speed-up that is near it counts as within the bracket."
    )
