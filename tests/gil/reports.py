"""Reports and speed-ups that are made by hand."""

from nogil_kernels.gil.report import GilReport, verdict_of
from nogil_kernels.gil.speed_up import SpeedUp
from nogil_kernels.gil.states import HoldFraction

STATES = ("serial", "blocked", "parallel", "waiting", "waiting_for_gil", "preempted")


def report(hold, on_core=1.0, **others):
    """Return the report of calls of 10 ms that hold the GIL for a part of their time on a core."""
    seconds = {"serial": min(hold, on_core), "blocked": max(hold - on_core, 0)}
    seconds |= {"parallel": max(on_core - hold, 0), "waiting": 1 - max(hold, on_core)}
    facts = {
        "hold_fraction": hold,
        "interval": (hold, hold),
        "states": dict.fromkeys(STATES, 0.0) | seconds,
        "longest_hold": 2e-3,
        "seconds_per_call": 0.01,
        "held_by_others": 0.0,
        "verdict": verdict_of(HoldFraction(hold, hold, hold), on_core),
        "calls": 100,
        "seconds": 1.0,
        "sampler_cost": 0.01,
    }
    return GilReport(**facts | others)


def gain(speed_up, native=2.0, own_threads=1.0, cpu_growth=1.0):
    """Return a measured speed-up of two threads with a narrow interval."""
    return SpeedUp(2, speed_up, speed_up - 0.01, speed_up + 0.01, native, own_threads, cpu_growth)
