"""`python -m bench against`: the cases, the skipped ones, and the report."""

import sys

import pytest

from bench import suites, tables
from bench.against import against, report
from bench.against.report import Work

FEW = ["--quick", "--only", "sums-types"]


@pytest.fixture
def fast(monkeypatch):
    """Make samples as short as possible."""
    monkeypatch.setattr(against, "SAMPLE_SECONDS", 1e-5)
    monkeypatch.setattr(against, "QUICK_SECONDS", 0.0)


def rounds_of(group="calls", name="a", **times):
    return {Work(group, name, "float64", "", "pass"): times}


def printed(rounds, capsys):
    """Print the report; return it as one line."""
    tables.show(report.render(rounds))
    return " ".join(capsys.readouterr().out.split())


def test_both_builds_are_timed_in_every_round_and_stored(fast, compiled_backend, tmp_path, capsys):
    file = str(tmp_path / "against.json")
    assert against.main([sys.executable, *FEW, "--rounds", "3", "--json", file]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert all(f"{side}: nogil-kernels " in output.out for side in report.SIDES)
    assert "sums-types" in output.out
    assert "median of 3 rounds" in " ".join(output.out.split())
    suite = suites.load(file, "against")
    names = {f"sums-types/100,000/{dtype}/{side}" for dtype in ("int64", "uint8") for side in report.SIDES}
    assert {*suite.get_benchmark_names()} == names
    assert all(len(benchmark.get_values()) == 3 for benchmark in suite)


def test_small_cases_need_public_functions_only(fast, compiled_backend, monkeypatch, capsys):
    groups = ("calls", "matmul-small", "sums-small")
    small = [work for work in against.works_to_time(None, True) if work.group in groups]
    assert {work.group for work in against.works_to_time(None, False)} == {*against.GROUPS}
    rounds = {}
    shares = [*against.measure(dict.fromkeys(report.SIDES, sys.executable), small, 1, 0.0, rounds)]
    assert capsys.readouterr().err == ""
    assert [*rounds] == small
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(len(times[side]) == 1 and times[side][0] > 0 for times in rounds.values() for side in report.SIDES)


def test_a_case_that_a_build_cannot_execute_is_skipped_with_the_reason(fast, compiled_backend, capsys):
    works = [Work("calls", name, "float64", "", name) for name in ("matmul", "no_such_function")]
    rounds = {}
    assert [*against.measure(dict.fromkeys(report.SIDES, sys.executable), works, 2, 0.0, rounds)][-1] == 1
    assert [work.name for work in rounds] == ["matmul"]
    assert capsys.readouterr().err.count("skipped calls, no_such_function: ") == 1


def test_an_interpreter_without_the_package_is_an_error_with_a_remedy(tmp_path, capsys):
    python = tmp_path / "python"
    for script in (None, "#!/bin/sh\nexit 1\n"):
        if script:
            python.write_text(script)
            python.chmod(0o755)
        with pytest.raises(SystemExit) as raised:
            against.main([str(python), *FEW])
        assert raised.value.code == 1
        error = capsys.readouterr().err
        assert error.startswith("python -m bench against: ")
        assert str(python) in error
    assert "Install nogil_kernels and NumPy there." in error


def test_ratios_are_computed_per_round():
    assert report.ratios({"old": [2.0, 3.0], "new": [1.0, 2.0]}) == [2.0, 1.5]


def test_the_geometric_mean_of_a_group_is_computed_per_round(capsys):
    rounds = rounds_of(name="a", old=[4.0, 1.0, 1.0], new=[1.0, 1.0, 1.0])
    rounds |= rounds_of(name="b", old=[1.0, 4.0, 9.0], new=[1.0, 1.0, 1.0])
    assert "calls 2 2.000 (2.000 to 3.000)" in printed(rounds, capsys)


@pytest.mark.parametrize(("best", "is_slower"), [(0.94, True), (0.96, False)])
def test_a_case_is_slower_if_its_whole_interval_is_below_the_limit(best, is_slower, capsys):
    rounds = rounds_of("sums", "slow", old=[0.8, 0.9, best], new=[1.0, 1.0, 1.0])
    assert (f"sums slow float64 0.900 (0.800 to {best:.3f})" in printed(rounds, capsys)) is is_slower


def test_short_calls_are_shown_with_the_difference_in_nanoseconds(capsys):
    rounds = rounds_of(name="f()", old=[50e-9, 50e-9, 50e-9], new=[52e-9, 53e-9, 58e-9])
    assert "f() 50 53 3.0 (2.0 to 8.0)" in printed(rounds, capsys)


@pytest.mark.parametrize(("count", "brackets"), [(5, "with their whole range"), (6, "with their 95 % interval")])
def test_the_note_explains_the_brackets(count, brackets, capsys):
    assert brackets in printed(rounds_of(old=[1.0] * count, new=[1.0] * count), capsys)


def test_the_number_of_rounds_must_be_positive(capsys):
    with pytest.raises(SystemExit) as raised:
        against.main([sys.executable, "--rounds", "0"])
    assert raised.value.code == 2
    assert "must be a positive integer, got 0" in capsys.readouterr().err
