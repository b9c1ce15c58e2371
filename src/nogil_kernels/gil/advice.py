"""The decision tree: from the measurements to the advice."""

from __future__ import annotations

import sys

from ..measure import machine
from . import costs, forecast, speed_up
from .report import RELEASED, GilReport, duration, percent

TOLERANCE = 0.1  # a measured speed-up that is farther outside of the bracket is a disagreement
CPU_GROWTH = 1.1  # CPU time per call, relative to one thread, from which threads slow each other down
STALL = 0.02  # seconds; shorter stalls of an event loop are hardly noticed, and Windows has timers of 16 ms
LONG = 0.001  # seconds; a shorter call does not need asyncio.to_thread
MOST_THREADS = 1024
BLOCKED = 0.5  # a share of the time
SPEED_UP_THAT_PAYS = 1.2
BUSY = 0.8  # a speed-up of native threads, relative to their number, below which other programs use the cores
MOSTLY_IDLE = 0.5  # a share of the time on a core, below which more threads than cores pay


def complete(report: GilReport, measured: speed_up.SpeedUp | None = None, workers: int = 2) -> None:
    """Add forecasts, the measured speed-up and the advice to a report. Measure the costs that the advice needs."""
    if report.hold_fraction is None or not report.calls:
        return
    report.measured = measured
    cores, cpu = machine.usable_cores(), report.cores_per_call
    hold = _hold(report)
    own = forecast.own_gils(cpu, workers, cores)
    report.forecasts = {"threads": forecast.threads(hold, cpu, workers, cores), "processes": own, "interpreters": own}
    report.forecasts |= {"free-threaded build": own} if report.gil_enabled else {}
    if report.longest_stall is not None:
        report.advice = [_event_loop(report, report.longest_stall), *_elsewhere(report)]
    else:
        report.advice = [*_speed_ups(report, workers), *_elsewhere(report), *_what_to_do(report, cores)]


def _hold(report: GilReport) -> float:
    """Return the hold fraction that limits threads here."""
    return (report.hold_fraction or 0.0) if report.gil_enabled else 0.0


def _speed_ups(report: GilReport, workers: int) -> list[str]:
    expected = report.forecasts["threads"]
    text = f"{workers} threads: forecast {expected.text()}"
    if not report.measured:
        return [text + "."]
    text += f", measured {report.measured.text()}, native threads {report.measured.native:.2f}x"
    native, usable = report.measured.native, min(workers, machine.usable_cores())
    if native < BUSY * usable and report.cores_per_call <= 1 and report.verdict != "waits":
        return [text + ".", f"Other programs use the cores: {usable} native threads gain only {native:.2f}x now."]
    if expected.agrees(report.measured.low, report.measured.high, TOLERANCE):
        return [text + "."]
    return [text + ".", _disagreement(report, report.measured, expected)]


def _elsewhere(report: GilReport) -> list[str]:
    return [
        f"{name}: {gain}" if isinstance(gain, str) else f"{name}: 2 threads {gain.text()}, native {gain.native:.2f}x."
        for name, gain in report.measured_elsewhere.items()
    ]


def _disagreement(report: GilReport, measured: speed_up.SpeedUp, expected: forecast.Forecast) -> str:
    """Return the cause of a measured speed-up outside of the forecast, as far as the measurements show it."""
    if measured.speed_up > expected.high:
        return "More than the forecast, and unexplained."
    if report.share("preempted") > TOLERANCE:
        return f"Less than the forecast: the call was preempted {percent(report.share('preempted'))} of the time."
    if report.cores_per_call > 1:
        return f"Less than the forecast: a call uses {report.cores_per_call:.1f} cores by itself."
    if report.verdict == "waits":
        return "Less than the forecast: the threads wait for each other, as for a lock."
    grown = f"with two threads a call takes {measured.cpu_growth:.1f} times the CPU time"
    if measured.cpu_growth < CPU_GROWTH:
        return "Less than the forecast, at the same CPU time per call: the threads wait for each other, as for a lock."
    if report.gil_enabled and (report.hold_fraction or 0.0) > RELEASED:
        return f"Less than the forecast: {grown}, because passing on the GIL costs time too."
    memory = speed_up.memory_speed_up(measured.workers)
    if memory is not None and memory < expected.low * (1 - TOLERANCE):
        return f"Less than the forecast: {grown}. Native threads that read memory gain {memory:.2f}x too."
    if not report.gil_enabled:
        return f"Less than the forecast: {grown}, as if both write to the same objects or their reference counts."
    return f"Less than the forecast: {grown}, which is unexplained."


def _what_to_do(report: GilReport, cores: int) -> list[str]:
    if not report.verdict:
        return []
    if report.blocks() > BLOCKED:
        return ["Release the GIL around that wait. In ctypes: use CDLL instead of PyDLL."]
    if report.cores_per_call > 1:
        lines = [
            f"A call uses {report.cores_per_call:.1f} cores: make one call at a time, or limit the call's own threads"
            " (for BLAS, with threadpoolctl)."
        ]
    elif report.verdict == "waits" or (report.verdict == "released" and report.on_core < MOSTLY_IDLE):
        lines = [_waiting(report, cores)]
    elif cores == 1:
        lines = ["This process may use 1 core, so more workers do not help."]
    elif _threads_pay(report):
        lines = [_use_threads(report)]
    else:
        lines = _use_other_gils(report)
    return [*lines, *_asyncio(report)]


def _threads_pay(report: GilReport) -> bool:
    return report.verdict == "released" or not report.gil_enabled or report.forecasts["threads"].low >= 1.5


def _waiting(report: GilReport, cores: int) -> str:
    if report.measured and report.measured.high < SPEED_UP_THAT_PAYS:
        return "More threads do not help. Make the time under the lock shorter."
    task = costs.measure("threads")
    overhead = task.task / report.seconds_per_call if task else 0.0  # a task holds the GIL while it is passed on
    hold = _hold(report) + overhead
    most = forecast.threads_that_pay(hold, report.on_core + overhead, cores, MOST_THREADS)
    number = f"up to {most} thread{'s' * (most > 1)}" if most < MOST_THREADS else "as many threads as there are calls"
    return f"On a core {percent(report.on_core)} of the time: use asyncio, or a ThreadPoolExecutor with {number}."


def _use_threads(report: GilReport) -> str:
    measured = report.measured
    if measured and measured.high < SPEED_UP_THAT_PAYS < measured.native:
        return f"Two threads reached only {measured.text()}, so threads do not pay for this call."
    text = "Use a ThreadPoolExecutor."
    if report.verdict == "partly" and report.gil_enabled and report.hold_fraction:
        text = f"The GIL limits threads to {1 / report.hold_fraction:.1f}x. {text}"
    return f"{text}{_smallest(report, 'threads', 'a thread')}"


def _use_other_gils(report: GilReport) -> list[str]:
    expected, limit = report.forecasts["processes"].text(), 1 / (report.hold_fraction or 1.0)
    lines = [f"The GIL limits threads to {limit:.1f}x. Workers with a GIL each, or without one: forecast {expected}."]
    if report.data_bytes is None:
        lines.append("The arguments or the result of the call cannot be pickled, so processes cannot make it.")
    else:
        processes = _smallest(report, "processes", "a process")
        text = (
            "Use a ProcessPoolExecutor." if processes else "Use a ProcessPoolExecutor elsewhere: none could start here."
        )
        lines.append(text + processes)
        if sys.version_info >= (3, 14) and (interpreters := _smallest(report, "interpreters", "an interpreter")):
            lines.append(f"Or an InterpreterPoolExecutor.{interpreters}")
    is_measured = any("t" in name.partition(" ")[2] for name in report.measured_elsewhere)
    build = "" if is_measured else f" (at most {expected}; the option --python measures it)"
    return [*lines, f"Or a free-threaded build{build}, or your own kernel that releases the GIL: nogil-kernels new."]


def _smallest(report: GilReport, way: str, worker: str) -> str:
    """Return the smallest work that pays, from measured costs, or "" if every call pays or no worker starts."""
    cost = costs.measure(way, report.data_bytes or 0)
    if cost is None:
        return ""
    calls = cost.calls_per_task(report.seconds_per_call)
    if way == "threads" and calls == 1:
        return ""
    size = f", in tasks of at least {calls:,} calls" if calls > 1 else ""
    return (
        f" It pays from {duration(cost.smallest_work())} of work on{size}: {worker} starts in {duration(cost.start)},"
        f" a task costs {duration(cost.task)}."
    )


def _asyncio(report: GilReport) -> list[str]:
    if report.seconds_per_call < LONG or not report.gil_enabled:
        return []
    if report.verdict == "held":
        wait = duration(sys.getswitchinterval())
        return [
            f"In an asyncio program, asyncio.to_thread makes the loop wait for the GIL, {wait} each time and longer for"
            " native code. Processes do not."
        ]
    return [f"In an asyncio program, use asyncio.to_thread: the longest hold is {duration(report.longest_hold)}."]


def _event_loop(report: GilReport, stall: float) -> str:
    text = f"The event loop stalls for {duration(stall)} at most."
    if stall < STALL:
        return text
    if not report.gil_enabled:
        return f"{text} asyncio.to_thread ends the stall."
    if report.verdict == "held":
        wait = duration(sys.getswitchinterval())
        return (
            f"{text} The GIL is held: with asyncio.to_thread the loop waits for it, {wait} each time and longer for"
            " native code. Use loop.run_in_executor with processes."
        )
    held, longest = percent(report.hold_fraction or 0.0), duration(report.longest_hold)
    return f"{text} The GIL is held {held} of the time: asyncio.to_thread shortens it to the longest hold, {longest}."
