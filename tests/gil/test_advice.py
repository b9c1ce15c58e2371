"""Each leaf of the decision tree, from reports made by hand."""

import sys

import pytest
from reports import gain, report

from nogil_kernels.gil import advice, costs, speed_up

TREE = "Use a ProcessPoolExecutor."
NEW = "or your own kernel that releases the GIL: nogil-kernels new."
TO_THREAD = "In an asyncio program, use asyncio.to_thread: the longest hold is 2 ms."
TOO_LATE = (
    "In an asyncio program, asyncio.to_thread makes the loop wait for the GIL, 5 ms each time and longer for native"
    " code. Processes do not."
)


@pytest.fixture(autouse=True)
def known_machine(monkeypatch):
    """Set 2 cores, a start of 50 ms and tasks of 100 us, a switch interval of 5 ms, and no limit by memory."""
    monkeypatch.setattr(advice.machine, "usable_cores", lambda: 2)
    monkeypatch.setattr(costs, "measure", lambda way, data_bytes=0: costs.Cost(0.05, 100e-6))
    monkeypatch.setattr(speed_up, "memory_speed_up", lambda workers: 2.0)
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield
    sys.setswitchinterval(before)


def completed(probed, measured=None):
    """Return the advice of a report."""
    advice.complete(probed, measured)
    return probed.advice


def test_what_waits_gets_as_many_threads_as_still_pay(monkeypatch):
    waits = "use asyncio, or a ThreadPoolExecutor with"
    lines = completed(report(0.01, on_core=0.02))
    assert lines[0] == "2 threads: forecast 2.0x."
    assert lines[1] == f"On a core 2 % of the time: {waits} up to 50 threads."  # 0.01 + 100 us / 10 ms
    monkeypatch.setattr(costs, "measure", lambda way, data_bytes=0: costs.Cost(0.0, 0.0))
    assert completed(report(0.0, on_core=0.0))[1].endswith(f"{waits} as many threads as there are calls.")


def test_what_waits_for_a_lock_gets_no_threads_even_on_busy_cores():
    lines = completed(report(0.01, on_core=0.02), gain(1.0, native=1.1, cpu_growth=1.2))
    assert lines[0] == "2 threads: forecast 2.0x, measured 1.00x, native threads 1.10x."
    assert lines[1] == "Less than the forecast: the threads wait for each other, as for a lock."
    assert lines[2] == "More threads do not help. Make the time under the lock shorter."


def test_what_releases_the_gil_gets_threads():
    forecast = "2 threads: forecast 2.0x, measured 1.96x, native threads 2.00x."
    assert completed(report(0.02), gain(1.96)) == [forecast, "Use a ThreadPoolExecutor.", TO_THREAD]


def test_a_call_that_is_shorter_than_a_task_gets_larger_tasks():
    assert completed(report(0.02, seconds_per_call=10e-6))[1:] == [
        "Use a ThreadPoolExecutor. It pays from 100 ms of work on, in tasks of at least 11 calls: a thread starts in"
        " 50 ms, a task costs 100 us."
    ]


def test_what_is_held_in_part_gets_threads_from_a_forecast_of_one_and_a_half_on():
    assert completed(report(0.4))[1] == "The GIL limits threads to 2.5x. Use a ThreadPoolExecutor."
    lines = completed(report(0.7))
    assert lines[1].startswith("The GIL limits threads to 1.4x. Workers with a GIL each, or without one: forecast 2.0x")
    assert lines[2].startswith(TREE)
    assert lines[-1] == TO_THREAD


def test_what_is_held_gets_processes_or_a_kernel():
    lines = completed(report(1.0), gain(1.0))
    assert lines[1:3] == [
        "The GIL limits threads to 1.0x. Workers with a GIL each, or without one: forecast 2.0x.",
        f"{TREE} It pays from 100 ms of work on: a process starts in 50 ms, a task costs 100 us.",
    ]
    assert ("Or an InterpreterPoolExecutor." in " ".join(lines)) == (sys.version_info >= (3, 14))
    assert lines[-2:] == [f"Or a free-threaded build (at most 2.0x; the option --python measures it), {NEW}", TOO_LATE]


def test_a_result_that_cannot_be_pickled_excludes_processes():
    lines = completed(report(1.0, data_bytes=None))
    assert lines[2] == "The arguments or the result of the call cannot be pickled, so processes cannot make it."
    assert TREE not in " ".join(lines)


def test_a_way_that_cannot_start_has_no_costs(monkeypatch):
    monkeypatch.setattr(costs, "measure", lambda way, data_bytes=0: None)
    assert completed(report(1.0))[2] == "Use a ProcessPoolExecutor elsewhere: none could start here."
    assert "up to 100 threads" in completed(report(0.01, on_core=0.01))[1]


def test_one_core_is_not_shared(monkeypatch):
    monkeypatch.setattr(advice.machine, "usable_cores", lambda: 1)
    lines = completed(report(0.02, seconds_per_call=1e-4))
    assert lines == ["2 threads: forecast 1.0x.", "This process may use 1 core, so more workers do not help."]


def test_a_call_with_threads_of_its_own_runs_alone():
    probed = report(0.0)
    lines = completed(probed, gain(1.0, own_threads=2.0))
    assert probed.cores_per_call == 2
    assert lines[0].startswith("2 threads: forecast 1.0x, measured 1.00x")
    assert lines[1].startswith("A call uses 2.0 cores: make one call at a time, or limit the call's own threads")


def test_a_free_threaded_build_gets_threads_and_nothing_about_the_gil():
    probed = report(1.0, gil_enabled=False)
    assert completed(probed, gain(1.9))[1:] == ["Use a ThreadPoolExecutor."]
    assert {*probed.forecasts} == {"threads", "processes", "interpreters"}
    assert probed.forecasts["threads"].high == 2


@pytest.mark.parametrize(
    ("hold", "stall", "rest"),
    [
        (1.0, 0.002, ""),
        (
            1.0,
            0.02,
            " The GIL is held: with asyncio.to_thread the loop waits for it, 5 ms each time and longer for native code."
            " Use loop.run_in_executor with processes.",
        ),
        (0.05, 0.02, " The GIL is held 5 % of the time: asyncio.to_thread shortens it to the longest hold, 2 ms."),
    ],
)
def test_an_event_loop_gets_a_thread_only_for_long_stalls_with_the_gil_released(hold, stall, rest):
    lines = completed(report(hold, longest_stall=stall))
    assert lines == [f"The event loop stalls for {1000 * stall:.0f} ms at most.{rest}"]


@pytest.mark.parametrize("others", [{"hold_fraction": None}, {"verdict": ""}])
def test_without_evidence_there_is_no_advice(others):
    assert not [line for line in completed(report(0.5, **others)) if "Use" in line]


GROWN = "with two threads a call takes 1.5 times the CPU time"
PREEMPTED = report(0.0).states | {"preempted": 0.2}


@pytest.mark.parametrize(
    ("probed", "measured", "cause"),
    [
        (report(0.0, states=PREEMPTED), gain(1.0), ": the call was preempted 20 % of the time."),
        (report(0.0), gain(0.4, own_threads=2.0), ": a call uses 2.0 cores by itself."),
        (report(0.0), gain(1.0), ", at the same CPU time per call: the threads wait for each other, as for a lock."),
        (report(0.5), gain(1.0, cpu_growth=1.5), f": {GROWN}, because passing on the GIL costs time too."),
        (
            report(1.0, gil_enabled=False),
            gain(1.0, cpu_growth=1.5),
            f": {GROWN}, as if both write to the same objects or their reference counts.",
        ),
        (report(0.0), gain(1.0, cpu_growth=1.5), f": {GROWN}, which is unexplained."),
    ],
)
def test_less_than_the_forecast_has_its_cause(probed, measured, cause):
    assert completed(probed, measured)[1] == f"Less than the forecast{cause}"


def test_more_than_the_forecast_is_unexplained():
    assert completed(report(1.0), gain(1.5))[1] == "More than the forecast, and unexplained."


def test_memory_is_a_cause_if_native_threads_that_read_it_gain_as_little(monkeypatch):
    monkeypatch.setattr(speed_up, "memory_speed_up", lambda workers: 1.1)
    cause = completed(report(0.0), gain(1.0, cpu_growth=1.5))[1]
    assert cause.endswith("times the CPU time. Native threads that read memory gain 1.10x too.")


def test_speed_ups_in_other_interpreters_have_a_line_each():
    lines = completed(
        report(1.0, measured_elsewhere={"Python 3.14t": gain(1.9, native=1.95), "Python 3.12": "no NumPy"})
    )
    assert "Python 3.14t: 2 threads 1.90x, native 1.95x." in lines
    assert "Python 3.12: no NumPy" in lines
    assert f"Or a free-threaded build, {NEW}" in lines


def test_other_programs_that_use_the_cores_are_named():
    assert "Other programs use the cores: 2 native threads gain only 1.05x now." in completed(
        report(0.0), gain(1.0, 1.05)
    )
