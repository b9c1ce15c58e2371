"""This build against another one: what is timed, what is left out, what is shown."""

import sys

import pytest

from bench import suites, tables
from bench.against import against, report
from bench.against.report import Work

FEW = ["--quick", "--only", "sums-types"]


@pytest.fixture
def fast(monkeypatch):
    """The shortest samples that a process gives."""
    monkeypatch.setattr(against, "SAMPLE", 1e-5)
    monkeypatch.setattr(against, "QUICK_SECONDS", 0.0)


def made(group="calls", name="a", **times):
    return {Work(group, name, "float64", "", "pass"): times}


def printed(turns, capsys):
    """What is shown, on one line."""
    tables.show(report.render(turns))
    return " ".join(capsys.readouterr().out.split())


def test_both_builds_are_timed_in_every_turn_and_kept(fast, compiled_backend, tmp_path, capsys):
    file = str(tmp_path / "against.json")
    assert against.main([sys.executable, *FEW, "--turns", "3", "--json", file]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert all(f"{side}: nogil-kernels " in shown.out for side in report.SIDES)
    assert "sums-types" in shown.out
    assert "median of 3 turns" in " ".join(shown.out.split())
    suite = suites.load(file, "against")
    names = {f"sums-types/100,000/{dtype}/{side}" for dtype in ("int64", "uint8") for side in report.SIDES}
    assert {*suite.get_benchmark_names()} == names
    assert all(len(benchmark.get_values()) == 3 for benchmark in suite)


def test_every_case_runs_on_public_functions_alone(fast, compiled_backend, monkeypatch, capsys):
    small = [work for work in against.works(None, True) if work.group in ("calls", "matmul-small", "sums-small")]
    assert {work.group for work in against.works(None, False)} == {*against.GROUPS}
    turns = {}
    shares = [*against.measure(dict.fromkeys(report.SIDES, sys.executable), small, 1, 0.0, turns)]
    assert capsys.readouterr().err == ""
    assert [*turns] == small
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(len(times[side]) == 1 and times[side][0] > 0 for times in turns.values() for side in report.SIDES)


def test_a_case_that_a_build_lacks_is_left_out_with_the_reason(fast, compiled_backend, capsys):
    todo = [Work("calls", name, "float64", "", name) for name in ("matmul", "no_such_function")]
    turns = {}
    assert [*against.measure(dict.fromkeys(report.SIDES, sys.executable), todo, 2, 0.0, turns)][-1] == 1
    assert [work.name for work in turns] == ["matmul"]
    assert capsys.readouterr().err.count("left out, calls, no_such_function: ") == 1


def test_an_interpreter_without_the_package_is_an_error_that_says_what_it_needs(tmp_path, capsys):
    python = tmp_path / "python"
    for script in (None, "#!/bin/sh\nexit 1\n"):
        if script:
            python.write_text(script)
            python.chmod(0o755)
        with pytest.raises(SystemExit) as ended:
            against.main([str(python), *FEW])
        assert ended.value.code == 1
        error = capsys.readouterr().err
        assert error.startswith("python -m bench against: ")
        assert str(python) in error
    assert "needs nogil_kernels and NumPy" in error


def test_a_ratio_is_taken_in_each_turn():
    assert report.ratios({"old": [2.0, 3.0], "new": [1.0, 2.0]}) == [2.0, 1.5]


def test_a_group_has_the_geometric_mean_of_its_cases_turn_by_turn(capsys):
    turns = made(name="a", old=[4.0, 1.0, 1.0], new=[1.0, 1.0, 1.0])
    turns |= made(name="b", old=[1.0, 4.0, 9.0], new=[1.0, 1.0, 1.0])
    assert "calls 2 2.000 (2.000 to 3.000)" in printed(turns, capsys)


@pytest.mark.parametrize(("best", "is_slower"), [(0.94, True), (0.96, False)])
def test_a_case_is_slower_when_its_whole_interval_is(best, is_slower, capsys):
    turns = made("sums", "slow", old=[0.8, 0.9, best], new=[1.0, 1.0, 1.0])
    assert (f"sums slow float64 0.900 (0.800 to {best:.3f})" in printed(turns, capsys)) is is_slower


def test_calls_show_how_much_longer_they_take_in_nanoseconds(capsys):
    turns = made(name="f()", old=[50e-9, 50e-9, 50e-9], new=[52e-9, 53e-9, 58e-9])
    assert "f() 50 53 3.0 (2.0 to 8.0)" in printed(turns, capsys)


@pytest.mark.parametrize(("count", "says"), [(5, "is the whole range"), (6, "holds the true median with 95 %")])
def test_the_note_says_what_the_interval_is(count, says, capsys):
    assert says in printed(made(old=[1.0] * count, new=[1.0] * count), capsys)


def test_turns_must_be_positive(capsys):
    with pytest.raises(SystemExit) as ended:
        against.main([sys.executable, "--turns", "0"])
    assert ended.value.code == 2
    assert "must be a positive integer, got 0" in capsys.readouterr().err
