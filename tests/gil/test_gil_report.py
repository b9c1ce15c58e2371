"""The text, the verdict and the JSON of a report."""

import dataclasses
import json

import pytest
from recordings import US, recording
from reports import gain, report

from nogil_kernels.gil import report as reports
from nogil_kernels.gil.recording import HOLDS
from nogil_kernels.gil.report import duration, percent, verdict_of
from nogil_kernels.gil.states import HoldFraction, Tally


@pytest.mark.parametrize(
    ("low", "high", "on_core", "verdict"),
    [
        (0.9, 1.0, 1.0, "held"),
        (0.899, 1.0, 1.0, ""),
        (0.0, 0.1, 1.0, "released"),
        (0.0, 0.1, 0.099, "waits"),
        (0.0, 0.101, 0.0, ""),
        (0.1, 0.5, 1.0, ""),
        (0.101, 0.899, 1.0, "partly"),
        (0.5, 0.9, 1.0, ""),
    ],
)
def test_a_verdict_needs_the_whole_interval_on_one_side(low, high, on_core, verdict):
    assert verdict_of(HoldFraction((low + high) / 2, low, high), on_core) == verdict


UNDECIDED = "Undecided: held 5 % to 15 % of the time, longest hold 2 ms."


@pytest.mark.parametrize(
    ("probed", "headline"),
    [
        (report(0.99), "Holds the GIL: held 99 % of the time, longest hold 2 ms."),
        (report(0.01), "Releases the GIL: held 1 % of the time, longest hold 2 ms."),
        (report(0.62), "Holds the GIL for a part of the time: held 62 % of the time, longest hold 2 ms."),
        (report(0.0, 0.01), "Waits, with the GIL released: held 0 % of the time, longest hold 2 ms."),
        (report(0.1, interval=(0.05, 0.15), verdict=""), UNDECIDED),
        (report(0, hold_fraction=None), "Undecided: too few samples, 100 calls in 1 s."),
        (report(0.99, gil_enabled=False), "Attached 99 %: serial on a build with a GIL, parallel here."),
        (report(0.01, gil_enabled=False), "Attached 1 %: parallel on every build."),
        (report(0.62, gil_enabled=False), "Attached 62 %: serial on a build with a GIL, parallel here."),
        (report(0.0, 0.01, gil_enabled=False), "Attached 0 %: overlaps on every build."),
        (report(0.5, gil_enabled=False, verdict=""), "Attached 50 %."),
    ],
)
def test_the_headline_has_the_verdict_and_its_number(probed, headline):
    assert str(probed) == headline


@pytest.mark.parametrize(
    ("probed", "note"),
    [
        (report(1.0, on_core=0.4), "The call waits while it holds the GIL, 60 % of the time"),
        (report(0.0, held_by_others=0.3), "Other threads held the GIL 30 % of the time. Before 3.15"),
        (report(0.0, knows_idle=False), "All cores were busy"),
        (report(0.0, by_acquisitions=True), "Sampled by acquiring the GIL, which is less accurate"),
        (report(0.0, finished=False), "Stopped at the limit, after 100 calls."),
    ],
)
def test_a_note_follows_the_headline(probed, note):
    _, line = str(probed).splitlines()
    assert line.startswith(note)


@pytest.mark.parametrize(
    "facts", [{"held_by_others": 0.05}, {"held_by_others": 1.0, "knows_wants": True}, {"hold_fraction": None}]
)
def test_what_needs_no_note_has_none(facts):
    assert len(str(report(0.0, **facts)).splitlines()) == 1


@pytest.mark.parametrize(
    ("ready", "core_was_free", "verdict"), [(0, False, "held"), (-1, True, "held"), (-1, False, "")]
)
def test_without_a_free_core_a_verdict_needs_the_time_in_a_run_queue(ready, core_was_free, verdict):
    samples = [(i * 50 * US, i * 50 * US, ready, HOLDS) for i in range(601)]
    tally = Tally(recording(samples, [(i * 1000 * US, (i + 1) * 1000 * US, 5) for i in range(30)]))
    tally.finish()
    made_report = reports.make(tally, finished=True, core_was_free=core_was_free)
    assert made_report.verdict == verdict
    assert made_report.knows_idle == bool(verdict)
    assert (made_report.calls, made_report.seconds_per_call) == (150, pytest.approx(200e-6))


def test_a_busy_machine_preempts():
    assert not reports.is_busy(reports.States())
    assert not reports.is_busy(reports.States(serial=0.99, preempted=0.01))
    assert reports.is_busy(reports.States(serial=0.97, preempted=0.03))


def test_own_threads_count_unless_other_threads_of_the_process_run():
    others = report(0.0, on_core=0.5, measured=gain(1.0, own_threads=3.0), held_by_others=0.2)
    assert others.cores_per_call == 0.5
    assert report(0.0, on_core=0.05, measured=gain(1.0, own_threads=40.0)).cores_per_call == 2.0
    assert report(0.0, on_core=0.5, measured=gain(1.0, own_threads=3.0)).cores_per_call == 1.5
    assert report(0.0, on_core=0.5, measured=gain(1.0, own_threads=1.1)).cores_per_call == 0.5


def test_a_duration_has_two_digits_and_its_unit():
    seconds = [0.0, 99e-9, 999.6e-9, 1.34e-3, 9.94e-3, 9.95e-3, 0.9994, 0.9995, 75.4]
    assert ", ".join(map(duration, seconds)) == "0 ns, 99 ns, 1 us, 1.3 ms, 9.9 ms, 10 ms, 999 ms, 1 s, 75 s"


def test_a_share_is_shown_in_percent():
    assert [percent(share) for share in (0, 0.004, 0.62, 1)] == ["0 %", "0 %", "62 %", "100 %"]


def test_json_has_all_fields():
    probed = report(0.5, measured=gain(1.5), measured_elsewhere={"python3.14t": gain(1.9), "slow": None})
    assert json.loads(probed.to_json()) == json.loads(json.dumps(dataclasses.asdict(probed)))
    assert json.loads(probed.to_json())["measured"]["speed_up"] == 1.5
