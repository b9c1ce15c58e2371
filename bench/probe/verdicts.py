"""The verdicts on five calls whose right verdict is known. Each probe runs in a child, as those of the command do."""

from collections.abc import Iterator

from rich.console import RenderableType

from nogil_kernels.gil import isolated

from .. import tables

LIMIT = 5.0  # seconds of a probe, at most
CALIBRATION = """
from hashlib import sha256
from timeit import repeat
data = bytes(100_000)
def loop(steps):
    for _ in range(steps): pass
hash_seconds = min(repeat("sha256(data)", globals=globals(), number=5, repeat=50)) / 5
step_seconds = min(repeat("loop(10_000)", globals=globals(), number=1, repeat=50)) / 10_000
steps = round(hash_seconds * 0.62 / 0.38 / step_seconds)
"""
SHARED_LOCK = """
from threading import Lock, Thread
from time import sleep
lock = Lock()
def sleep_under_lock():
    while True:
        with lock: sleep(0.005)
        sleep(0.001)  # threading.Lock is not fair: without a pause the other thread may wait for seconds
Thread(target=sleep_under_lock, daemon=True).start()
"""
CLOCK_LOOP = "end = perf_counter() + 0.005\nwhile perf_counter() < end: pass"
CALLS = {
    "while perf_counter() < end: pass": ("held", "from time import perf_counter", CLOCK_LOOP),
    "sha256, then a Python loop of 62 %": ("partly", CALIBRATION, "sha256(data); loop(steps)"),
    "sleep under a shared lock": ("waits", SHARED_LOCK, "with lock: sleep(0.005)"),
    "time.sleep(0.01)": ("waits", "import time", "time.sleep(0.01)"),
    "zlib.compress of 1 MB": ("released", "import os, zlib; data = os.urandom(10**6)", "zlib.compress(data)"),
}
"""Name -> the right verdict, the setup and the statement."""


def run(times: int) -> Iterator[RenderableType]:
    """Yield the number of right verdicts per call, and the range of the hold fractions."""
    table = tables.table("call", "right verdict", "right", "hold fraction", "wrong verdicts", text_columns=2)
    for name, (verdict, setup, statement) in CALLS.items():
        reports = [isolated.probe(statement, setup=setup, limit=LIMIT, parallel=False) for _ in range(times)]
        fractions = [report.hold_fraction for report in reports if report.hold_fraction is not None]
        span = f"{min(fractions):.3f} to {max(fractions):.3f}" if fractions else ""
        wrong = [report.verdict or "undecided" for report in reports if report.verdict != verdict]
        table.add_row(name, verdict, f"{times - len(wrong)}/{times}", span, ", ".join(wrong))
    yield tables.titled("Verdicts", table)
