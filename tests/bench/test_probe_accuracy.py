"""`python -m bench probe_accuracy`: its options, and what each experiment prints."""

import re
import sys
from types import SimpleNamespace

import pytest

from bench import Impossible, tables
from bench.probe import probe_accuracy
from nogil_kernels.gil import probing
from nogil_kernels.gil.forecast import Forecast

pytestmark = pytest.mark.skipif(not probing.native_works(), reason="this build has no native sampler")
if probing.native_works():
    from bench.probe import assertions, fractions, other_tools, slow_down, speed_ups, verdicts


def printed(experiment, times, capsys):
    """Run an experiment; return what it prints as one line."""
    tables.show(experiment.run(times))
    return " ".join(capsys.readouterr().out.split())


def test_the_command_prints_the_machine_and_the_fractions(monkeypatch, capsys):
    monkeypatch.setattr(probe_accuracy.machine, "usable_cores", lambda: 1)
    monkeypatch.setattr(fractions, "PERIODS", (2e-3,))
    monkeypatch.setattr(fractions, "TRUTHS", (1.0,))
    assert probe_accuracy.main(["fractions", "--times", "2", "--busy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Python 3\.\S+, GIL (on|off); .+; \d+ cores", lines[0])
    assert lines[1] == "busy: an endless Python loop in each of 1 other processes"
    assert re.search(r"2,000 us +[+-]0\.\d{3} +0\.\d{3} [\s\S]*[012] of 2 intervals contain", "\n".join(lines))


@pytest.mark.parametrize("arguments", [["pears"], ["--times", "0"]])
def test_wrong_arguments_are_named(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        probe_accuracy.main(arguments)
    assert raised.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_slow_down_compares_the_medians_of_rounds(monkeypatch, capsys):
    monkeypatch.setattr(slow_down, "SECONDS", 0.01)
    monkeypatch.setattr(slow_down, "CALLS", {"a sum": lambda: sum(range(1000))})
    assert re.search(r"a sum [\d.]+ [\d.]+ [\d.]+ \([\d.]+ to [\d.]+\)", printed(slow_down, 6, capsys))


def test_verdicts_counts_the_right_ones_and_names_the_wrong_ones(monkeypatch, capsys):
    sleep = ("import time", "time.sleep(0.01)")
    monkeypatch.setattr(verdicts, "CALLS", {"right": ("waits", *sleep), "wrong": ("held", *sleep)})
    output = printed(verdicts, 1, capsys)
    assert re.search(r"right waits 1/1 0\.\d{3} to 0\.\d{3} wrong held 0/1 0\.\d{3} to 0\.\d{3} waits$", output)


def test_assertions_counts_false_verdicts_of_both_kinds(monkeypatch, capsys):
    released, held = assertions.CALLS.values()
    monkeypatch.setattr(assertions, "CALLS", {0.01: held, 1.0: released})
    assert re.search(r" 1% 1 of 1 [\d.]+ s [\d.]+ s 100% 1 of 1 ", printed(assertions, 1, capsys))


@pytest.mark.parametrize(
    ("measured", "native", "position"),
    [
        (1.5, 2.0, "inside"),
        (1.3, 2.0, "within 10%"),
        (1.0, 2.0, "outside"),
        (1.0, 1.7, "outside"),
        (1.0, 1.1, "within 10%"),
    ],
)
def test_a_speed_up_is_compared_with_its_bracket(measured, native, position):
    report = SimpleNamespace(seconds_per_call=0.002, hold_fraction=0.5)
    report.forecasts = {"threads": Forecast(2, 1.4, 2.0)}
    report.measured = SimpleNamespace(speed_up=measured, native=native)
    assert speed_ups.cells([report])[-1] == position


def test_speed_ups_has_a_row_per_call(monkeypatch, capsys):
    assert len(speed_ups.calls([])) == 12
    monkeypatch.setattr(speed_ups, "calls", lambda databases: {"a query": lambda: speed_ups.query(databases)})
    assert re.search(r"a query [\d.]+ [01]\.\d\d [\d.]+ to [\d.]+ [\d.]+ ", printed(speed_ups, 1, capsys))


def test_peers_shows_readings_and_why_a_tool_was_skipped(monkeypatch, capsys):
    monkeypatch.setattr(other_tools, "TRUTHS", (1.0,))
    monkeypatch.setattr(other_tools.shutil, "which", lambda name, path: None)
    monkeypatch.setattr(other_tools, "TOOLS", {"py-spy": other_tools.py_spy, "half": lambda truth: truth / 2})
    output = printed(other_tools, 1, capsys)
    assert re.search(r"nogil_kernels [01]\.\d{3} half 0\.500 ", output)
    assert output.endswith("skipped py-spy: not installed")


def test_a_share_is_the_ratio_of_the_samples_of_two_runs():
    code = "import sys; open('stacks', 'w').write('load 5\\nwork;alternate ' + str(len(sys.argv)))"
    assert other_tools.share(0.5, [sys.executable, "-c", code], ["--gil"]) == 9 / 8
    with pytest.raises(Impossible, match="ValueError: wrong"):
        other_tools.share(0.5, [sys.executable, "-c", "raise ValueError('wrong')"], [])
