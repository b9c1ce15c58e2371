"""How quiet the machine is: the speed-up of two native threads, and the time that the host took away (steal)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import backend
from . import affinity, machine

SECONDS = 0.01  # work per round: 100 times as long as waking a thread

Ticks = tuple[int, int]  # (stolen ticks, all ticks)


def noise() -> dict[str, int | float]:
    """Measure nk_native_speed_up and nk_steal in about 1/8 s. Return no facts on one core or on the pure backend.

    nk_native_speed_up : the speed-up of two native threads over one
    nk_steal           : the share of CPU time that the host gave to other machines; absent if unknown
    """
    if machine.usable_cores() < 2 or backend.backend == "pure":
        return {}
    from .ceiling import native_speed_up

    with steal() as steal_facts:
        speed_up = native_speed_up("arithmetic", 2, seconds=SECONDS)
    return {"nk_native_speed_up": round(speed_up, 3), **steal_facts}


@contextmanager
def steal() -> Iterator[dict[str, float]]:
    """Yield a dictionary. At the end of the block it has nk_steal of this time, if the system reports it."""
    cores = affinity.cores() or ()
    before, facts = stolen(cores), dict[str, float]()
    yield facts
    after = stolen(cores)
    if before and after and after[1] > before[1]:
        facts["nk_steal"] = round((after[0] - before[0]) / (after[1] - before[1]), 3)


def stolen(cpus: Iterable[int], stat: Path = Path("/proc/stat")) -> Ticks | None:
    """Return the stolen ticks and all ticks of these cores since boot, or None if the system does not report them."""
    names = {f"cpu{cpu}" for cpu in cpus}
    try:
        lines = [line.split() for line in stat.read_text().splitlines()]
        # user, nice, system, idle, iowait, irq, softirq, steal. User and nice include the guest columns that follow.
        ticks = [list(map(int, line[1:9])) for line in lines if line and line[0] in names]
        return (sum(core[7] for core in ticks), sum(map(sum, ticks))) if ticks else None
    except (OSError, ValueError, IndexError):
        return None
