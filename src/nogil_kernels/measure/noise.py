"""How quiet the machine is: a short test of what two threads gain, and what its host took meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .. import backend
from . import machine

SECONDS = 0.01  # of work in a round: a hundred times what it takes to wake a thread

Ticks = tuple[int, int]
"""Stolen, and all of them."""


def noise() -> dict[str, int | float]:
    """Facts that take an eighth of a second to find, longer on a busy machine:

    nk_native_speed_up : of two threads that run without the GIL, over one; absent on one core and the pure backend
    nk_steal           : share of the time of those cores that the host gave to others; absent where it does not tell
    """
    if machine.usable_cores() < 2 or backend.backend == "pure":
        return {}
    from .ceiling import native_speed_up

    cores = machine.affinity() or ()
    before = stolen(cores)
    found: dict[str, int | float] = {"nk_native_speed_up": round(native_speed_up("arithmetic", 2, seconds=SECONDS), 3)}
    after = stolen(cores)
    if before and after and after[1] > before[1]:
        found["nk_steal"] = round((after[0] - before[0]) / (after[1] - before[1]), 3)
    return found


def stolen(cpus: Iterable[int], stat: Path = Path("/proc/stat")) -> Ticks | None:
    """The ticks of those cores since boot that the host gave to others, and all ticks; None where it does not tell."""
    names = {f"cpu{cpu}" for cpu in cpus}
    try:
        lines = [line.split() for line in stat.read_text().splitlines()]
        # user, nice, system, idle, iowait, irq, softirq, steal; then guests, who are in user and nice already
        ticks = [list(map(int, line[1:9])) for line in lines if line and line[0] in names]
        return (sum(one[7] for one in ticks), sum(map(sum, ticks))) if ticks else None
    except (OSError, ValueError, IndexError):
        return None
