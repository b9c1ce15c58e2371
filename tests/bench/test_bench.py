"""`peers` and held_vs_released: the statements compute the right results; reports, plots and verdicts are correct."""

import argparse
import ast
import contextlib
import math
import platform
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyperf
import pytest

from bench import Impossible, docs, suites, timing
from bench.peers import cases, goals, isa, measured, peers, plot, report
from nogil_kernels.measure import suite_file
from nogil_kernels.measure.samples import Interval

ROOT = Path(__file__).resolve().parents[2]
HELD_VS_RELEASED = ROOT / "bench" / "held_vs_released.py"
FACTS = {
    "nk_bench": "peers",
    "cpu_model_name": "a processor",
    "nk_backend": "compiled",
    "python_version": "3",
    "nk_peers": "numpy 2",
    "nk_openblas": "none",
}


def suite_of(results, facts=None):
    """Return a suite of `peers` with these results."""
    samples, metadata = {}, {}
    for result in results:
        for peer, values in result.samples.items():
            name, own_metadata = result.benchmark(peer)
            samples[name] = values
            metadata[name] = FACTS | (facts or {}) | own_metadata
    return suites.make(samples, metadata)


# -- held_vs_released --------------------------------------------------------------------------------------------------


def test_held_vs_released_prints_a_line_for_each_way():
    done = subprocess.run([sys.executable, HELD_VS_RELEASED], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"ns per number  numbers per call  1 thread  \d threads  speed-up", lines[0])
    assert [re.split(r"  +", line)[0] for line in lines[1:]] == ["pure Python", "GIL held", "GIL released"]
    assert all(re.fullmatch(r".+  +[\d,]+  +[\d.]+  +[\d.]+  +[\d.]+x", line) for line in lines[1:])


def test_held_vs_released_fits_a_screen_and_names_the_package_in_one_line():
    lines = HELD_VS_RELEASED.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 56
    assert len([line for line in lines if "nogil" in line]) == 1


def test_held_vs_released_imports_the_standard_library_and_the_package_only():
    tree = ast.parse(HELD_VS_RELEASED.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert {module for module in modules if module.partition(".")[0] not in sys.stdlib_module_names} == {
        "nogil_kernels"
    }


# -- cases -------------------------------------------------------------------------------------------------------------


def small(dtype):
    """Return a function like `normal` whose arrays have shorter sides."""
    normal = cases.random_numbers(dtype)
    return lambda *shape: normal(*(n if n < 100 else n // 20 if n < 20_000 else n // 2000 for n in shape))


def truth(inputs):
    """Return the result of a case: exact for integers, in double precision for floats and complex numbers."""
    wide = {"f": np.float64, "c": np.complex128}
    a, b = (np.asarray(inputs[name]) for name in (("a", "b") if "a" in inputs else ("x", "x")))
    a, b = (operand.astype(wide.get(operand.dtype.kind, np.int64)) for operand in (a, b))
    return a @ b


@pytest.mark.parametrize("peer", cases.IMPORTS)
def test_every_statement_of_a_peer_computes_the_right_result(compiled_backend, peer):
    statements = [
        (case, statement)
        for case in cases.cases()
        for name, statement in case.statements.items()
        if peers.import_of(name) == cases.IMPORTS[peer]
    ]
    assert statements, f"no case has {peer}"
    if missing := peers.find_missing([SimpleNamespace(statements=[peer])]):
        pytest.skip(f"{peer}: {missing[peer]}")
    for case, statement in statements:
        inputs = case.inputs(small(case.dtype))
        if "out" in inputs:
            inputs["out"].fill(77)
        flops, _ = cases.operations_and_bytes(inputs)
        peers.prepare(peer, inputs, flops)
        value = eval(statement, inputs)
        if not peer.startswith("ceiling"):  # ceilings have no result
            result, expected = inputs.get("out", value), truth(inputs)
            tolerance = 1e-12 if case.dtype in ("float64", "complex128") else 1e-4
            np.testing.assert_allclose(
                result, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max(), err_msg=f"{case}"
            )


def test_every_group_has_cases_and_every_case_has_a_group():
    assert {case.group for case in cases.cases()} == cases.GROUPS.keys()
    assert {case.group for case in cases.cases(quick=True)} == cases.GROUPS.keys()


def test_the_first_statement_of_every_case_is_that_of_nogil_kernels():
    assert all(next(iter(case.statements)).startswith("nogil_kernels") for case in cases.cases())


def test_work_counts_operations_and_bytes():
    complex_case = {"a": np.ones((3, 4), np.complex64), "b": np.ones((4, 5), np.complex64)}
    complex_case["out"] = complex_case["a"] @ complex_case["b"]
    assert cases.operations_and_bytes(complex_case) == (8 * 3 * 4 * 5, 8 * (12 + 20 + 15))
    assert cases.operations_and_bytes({"x": np.ones(7, np.float32)}) == (14, 28)


def test_a_missing_peer_is_skipped_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "bottleneck", None)
    missing = peers.find_missing([case for case in cases.cases() if case.group == "sums-small"])
    assert 'pip install -e ".[peers]"' in missing["bottleneck.ss"]
    assert not {"nogil_kernels", "numpy.dot"} & missing.keys()


def test_a_peer_that_fails_is_skipped_with_its_error(compiled_backend):
    case = cases.Case("sums", "3", "float64", 3, "x = normal(3)", {**cases.SUM, "numpy.dot": "np_dot(x, no_such_name)"})
    missing = {}
    with contextlib.ExitStack() as one_thread:
        batch = peers.batch(case, missing, 0.0, 1.0, one_thread)
    assert [statement.metadata["nk_peer"] for statement in batch.statements] == ["nogil_kernels"]
    assert "NameError" in missing["numpy.dot"]


def test_errors_show_which_peers_compute_in_float32(compiled_backend, capsys):
    case = next(case for case in cases.cases() if case.name == "1,000" and case.dtype == "float32")
    errors = {}
    with contextlib.ExitStack() as one_thread:
        for statement in peers.batch(case, {}, 0.0, 1.0, one_thread).statements:
            errors[statement.metadata["nk_peer"]] = statement.metadata["nk_error"]
    assert errors["numpy.dot"] > report.FLOAT32_ERROR > errors["nogil_kernels"]
    sentence = report.errors([measured.Result("sums", "1,000", "float32", 1000, 1, 1, {}, errors)])
    assert sentence.index("numpy.dot") < sentence.index("in float64") < sentence.index("nogil_kernels")


@pytest.mark.skipif(platform.machine().lower() not in isa.X86_64, reason="these are instruction sets of x86-64")
@pytest.mark.parametrize("name", ["avx2", "portable"])
def test_an_instruction_set_restricts_openblas_numpy_and_numba_too(name):
    variables = isa.environment(name)
    assert variables["NOGIL_KERNELS_ISA"] == name
    assert variables["OPENBLAS_CORETYPE"].lower() == variables["NUMBA_CPU_NAME"]
    disabled = variables["NPY_DISABLE_CPU_FEATURES"].split()
    assert all(target.startswith(isa.NUMPY_TARGETS[name]) for target in disabled)


# -- goals -------------------------------------------------------------------------------------------------------------

SPREAD = [0.90, 0.90, 0.90, 0.90, 0.94, 0.96, 0.96, 0.96, 0.96]


def result_of(ratios, *, case="n = 256", dtype="float64", group="matmul-square", size=256, rival="numpy.matmul"):
    samples = {"nogil_kernels": [1.0] * len(ratios), rival: list(ratios)}
    return measured.Result(group, case, dtype, size, 1000, 100, samples)


@pytest.mark.parametrize(("ratio", "outcome"), [(0.96, "just met"), (0.97, "missed")])
def test_a_goal_is_met_if_the_upper_end_of_the_interval_reaches_it(ratio, outcome):
    goal = goals.Goal("every size", ("numpy.matmul",), ratio, ("matmul-square",))
    verdict = goals.verdict(goal, [result_of(SPREAD)])
    assert (verdict.measured.median, verdict.measured.high) == (0.94, 0.96)
    assert verdict.met == (outcome != "missed")
    assert report.cells(verdict)[1] == outcome


def test_a_goal_for_every_case_has_the_worst_case_and_the_number_of_missed_ones():
    results = [result_of([ratio] * 9, case=f"n = {n}", size=n) for n, ratio in ((1, 0.5), (2, 0.4), (3, 2.0))]
    verdict = goals.verdict(goals.Goal("each", ("numpy.matmul",), 0.95, ("matmul-square",)), results)
    assert (verdict.worst.case, verdict.measured.median) == ("n = 2", 0.4)
    assert (verdict.missed, verdict.cases, verdict.met) == (2, 3, False)


def test_a_goal_is_compared_with_its_fastest_peer_in_each_case():
    result = result_of([2.0] * 9, group="sums", rival="numpy.dot")
    result.samples["bottleneck.ss"] = [0.5] * 9
    goal = goals.Goal("each", ("numpy.dot", "bottleneck.ss", "absent"), 1.0, ("sums",))
    assert goals.verdict(goal, [result]).measured.median == 0.5


def test_a_speed_up_goal_compares_two_speed_ups():
    samples = {"nogil_kernels, threads=2": [0.6] * 9, "nogil_kernels, threads=1": [0.9] * 9}
    samples |= {"ceiling, threads=2": [0.25] * 9, "ceiling, threads=1": [0.5] * 9}
    result = measured.Result("sums-threads", "16 MB", "float64", 1 << 21, 1, 1, samples)
    goal = goals.Goal("speed-up", ("ceiling, threads=2",), 0.95, ("sums-threads",), speed_up=True)
    assert goals.verdict(goal, [result]).measured.median == pytest.approx(1.5 / 2)


def test_a_mean_is_geometric_and_its_interval_shrinks_with_the_number_of_cases():
    wide = Interval(1.0, 0.5, 2.0)
    mean = goals.geometric_mean([wide] * 4)
    assert (mean.median, mean.low, mean.high) == pytest.approx((1.0, math.sqrt(0.5), math.sqrt(2.0)))
    other = [Interval(value, value, value) for value in (1.0, 4.0)]
    assert goals.geometric_mean(other).high == pytest.approx(2.0)


def test_a_goal_without_results_has_no_verdict():
    goal = goals.Goal("other sizes", ("numpy.matmul",), 1.0, ("matmul-square",), (8,))
    assert goals.verdict(goal, [result_of(SPREAD)]) is None
    assert goals.verdict(goals.Goal("absent", ("absent",), 1.0, ("matmul-square",)), [result_of(SPREAD)]) is None


def test_every_goal_has_cases_and_its_peers_execute_them():
    for goal in goals.GOALS:
        of_goal = [case for case in cases.cases() if goal.concerns(case)]
        assert of_goal, goal
        for peer in goal.against:
            assert any(peer in case.statements for case in of_goal), (goal, peer)


def test_an_interruption_does_not_make_samples_too_short():
    class Interrupted:
        """A timer of a statement that takes 1 us. Every second sample is interrupted for 5 ms."""

        count = 0

        def timeit(self, loops):
            self.count += 1
            return loops * 1e-6 + 0.005 * (self.count % 2)

        def repeat(self, times, loops):
            return [self.timeit(loops) for _ in range(times)]

    assert timing._executions(Interrupted(), timing.SAMPLE_SECONDS) * 1e-6 >= timing.SAMPLE_SECONDS


# -- files, tables, plots ----------------------------------------------------------------------------------------------


@pytest.fixture
def results():
    """Results that include a ceiling, and a peer with samples of one case only."""
    products = [
        result_of([1.1, 1.2, 1.2, 1.2, 1.2, 1.3], case=f"n = {n}", size=n, dtype=dtype)
        for n in (256, 1024)
        for dtype in cases.FLOATS
    ]
    products[-1].samples["ceiling"] = [0.9] * 6
    products[0].samples["blis"] = [3.0, 2.0, 2.5, 2.5, 2.5, 2.5]
    return [*products, result_of([0.5] * 3, case="10", size=10, group="sums", rival="numpy.dot")]


def test_a_file_preserves_the_results_and_pyperf_reads_it(results, tmp_path):
    file = str(tmp_path / "peers.json")
    results[0].errors["blis"] = 1e-7
    suite_file.save(suite_of(results), file)
    assert measured.from_suite(suites.load(file, "peers")) == results
    assert pyperf.BenchmarkSuite.load(file).get_metadata()["cpu_model_name"] == "a processor"
    stats = subprocess.run([sys.executable, "-m", "pyperf", "stats", file], capture_output=True, text=True, check=False)
    assert stats.returncode == 0, stats.stderr
    assert "matmul-square/n = 1024/float32/numpy.matmul" in stats.stdout


def test_plots_of_the_same_results_are_identical_files(results, tmp_path):
    for name in ("a.svg", "b.svg"):
        plot.draw(suite_of(results), str(tmp_path / name))
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert drawn == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert all(label in drawn for label in ("nogil_kernels", "numpy.matmul", "FMA peak of a core", "GFLOP/s", "GB/s"))
    assert "$" not in drawn  # all formulas are typeset


def test_every_peer_in_a_plot_has_a_colour():
    groups = [family.group for family in plot.FAMILIES]
    drawn = {peer for case in cases.cases() if case.group in groups for peer in case.statements}
    assert {peer for peer in drawn if not peer.startswith("ceiling")} <= plot.COLOURS.keys()


def test_a_plot_without_results_is_an_error(tmp_path):
    with pytest.raises(Impossible, match=r"cannot draw .*a\.svg: no results of the groups matmul-small, "):
        plot.draw(suite_of([result_of(SPREAD, group="matmul-types")]), str(tmp_path / "a.svg"))


def test_from_prints_the_same_report_as_the_measurement(compiled_backend, monkeypatch, tmp_path, capsys):
    file = str(tmp_path / "sums.json")
    monkeypatch.delenv(isa.VARIABLE, raising=False)  # with it the command would replace this process
    assert peers.main(["--quick", "--only", "sums-types", "--json", file]) == 0
    report = capsys.readouterr().out
    assert "sum of squares of integers, exact" in report
    assert peers.main(["--from", file]) == 0
    assert capsys.readouterr().out == report


def test_two_threads_are_skipped_on_one_core(compiled_backend, monkeypatch, capsys):
    options = argparse.Namespace(isa=None, quick=True, only=["sums-threads", "sums-types"], arguments=[])
    monkeypatch.delenv(isa.VARIABLE, raising=False)
    monkeypatch.setattr(peers, "in_order", lambda selected, missing, seconds: {case.group for case in selected})
    for cores, groups in ((1, {"sums-types"}), (2, {"sums-types", "sums-threads"})):
        monkeypatch.setattr(peers.machine, "usable_cores", lambda cores=cores: cores)
        assert peers.batches(options) == groups


# -- docs/performance.md -----------------------------------------------------------------------------------------------


def test_the_section_shows_each_baseline(results):
    section = docs.scoreboard({Path("peers-machine-avx512.json"): suite_of(results)})
    assert "| machine-avx512 |" in section
    assert "(peers-machine-avx512.svg)" in section
    assert "2.50" not in section  # of blis: no goal is against it
    assert "1.20 (1.10 to 1.30)" in section


def test_a_section_is_written_between_its_marks():
    text = "before\n<!-- name: begin -->\nwritten before\n<!-- name: end -->\nafter\n"
    new = docs.with_section(text, "name", "new\n")
    assert new == "before\n<!-- name: begin -->\nnew\n<!-- name: end -->\nafter\n"
    with pytest.raises(Impossible, match=re.escape("<!-- other: begin -->")):
        docs.with_section(text, "other", "")


@pytest.mark.parametrize("mark", ["nk_quick", "nk_interrupted"])
def test_a_part_of_a_run_is_no_baseline(results, mark):
    with pytest.raises(Impossible, match="whole run"):
        docs.scoreboard({Path("peers-part.json"): suite_of(results, {mark: 1})})


@pytest.mark.skipif(not docs.PERFORMANCE.exists(), reason="the page is in a checkout, not beside these tests")
def test_the_page_shows_the_baselines():
    text = docs.PERFORMANCE.read_text(encoding="utf-8")
    assert docs.with_section(text, "peers", "")
    baselines = sorted(docs.RESULTS.glob("peers-*.json"))
    if not baselines:
        pytest.skip("no baseline: python -m bench peers --json bench/results/peers-NAME.json records one")
    section = docs.scoreboard({file: suites.load(str(file), "peers") for file in baselines})
    assert section in text, "run python -m bench docs bench/results/peers-*.json"
    assert all(docs.plot_of(baseline).exists() for baseline in baselines)
