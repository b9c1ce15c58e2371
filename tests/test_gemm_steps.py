"""Each step from three loops to the SIMD tile computes the product; what docs/gemm.md quotes and shows is true."""

import re

import numpy as np
import pyperf
import pytest
from test_docs import ROOT, needs_checkout

from bench import gemm_report, gemm_steps

DOCUMENT = ROOT / "docs" / "gemm.md"
RESULTS = sorted((ROOT / "bench" / "results").glob("gemm_steps-*.json"))


@pytest.fixture(scope="module")
def library():
    try:
        return gemm_steps.compile_steps()
    except gemm_steps.NoSteps as reason:
        pytest.skip(str(reason))


@pytest.fixture
def report():
    """Two steps and the peak at n = 8, made up so that what follows is known."""
    samples = {("naive", 8): [4e-6, 4e-6, 5e-6], ("unit_stride", 8): [2e-6, 2e-6, 2e-6], (gemm_report.PEAK, 8): [1e-6]}
    here = gemm_steps.facts() | {"nk_compiler": "cc 1", "nk_flags": "-O3"}
    return gemm_report.Report(gemm_report.suite_of(samples, dict.fromkeys(samples, 1024), here))


# 1: less than any tile; 7, 33, 100: edges everywhere; 64: whole tiles of rows; 530: two blocks of columns, three of k.
@pytest.mark.parametrize("n", [1, 7, 33, 64, 100, 530])
@pytest.mark.parametrize("step", gemm_report.C_STEPS)
def test_each_step_computes_the_product(library, step, n):
    a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
    assert gemm_steps.is_product(gemm_steps.multiply(library, step, a, b), a, b)


def test_more_rows_than_a_block_of_a(library):
    n = 1030
    a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
    assert gemm_steps.is_product(gemm_steps.multiply(library, "packed", a, b), a, b)


@pytest.mark.parametrize("element", [(0, 0), (32, 32), (17, 5)])
def test_a_result_that_is_off_in_one_element_is_found(element):
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 33, 33))
    c = a @ b
    c[element] += 1e-9
    assert gemm_steps.is_product(a @ b, a, b)
    assert not gemm_steps.is_product(c, a, b)


def test_the_steps_are_the_functions_of_the_c_file_in_their_order():
    functions = re.findall(r"^void (\w+)\(ptrdiff_t n, ", gemm_steps.SOURCE.read_text(), re.MULTILINE)
    assert functions == list(gemm_report.C_STEPS)


def test_a_missing_compiler_is_a_message_that_says_what_to_do(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(gemm_steps.NoSteps, match=r"no C compiler: no-such-compiler: .*; set CC"):
        gemm_steps.compile_steps()


def test_a_compiler_that_fails_is_quoted(library, monkeypatch):
    monkeypatch.setenv("CC", " ".join([*gemm_steps.compiler(), "--no-such-option"]))
    with pytest.raises(gemm_steps.NoSteps, match=r"(?s)the C compiler failed.*--no-such-option.*error"):
        gemm_steps.compile_steps()


def test_a_failure_is_printed_without_a_traceback(monkeypatch, capsys):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert gemm_steps.main(["--quick"]) == 1
    assert capsys.readouterr().err.startswith("gemm_steps: no C compiler")


def test_measuring_samples_every_step_and_mark(library):
    report = gemm_steps.measure((8,), 0.01)
    assert report.steps == [*gemm_report.STEPS, *gemm_report.MARKS]
    assert all(report.gflops(step, 8) > 0 for step in report.steps)
    assert 0 < report.share("narrow_tiles", 8) < 1.5
    assert report.share(gemm_report.PEAK, 8) == 1


def test_what_is_derived_from_samples(report):
    assert report.gflops("naive", 8) == pytest.approx(1024 / 4e-6 / 1e9)
    assert report.gain("unit_stride", 8).median == 2
    assert report.gain("naive", 8) is None
    assert report.share("unit_stride", 8) == pytest.approx(0.5)


def test_a_report_that_was_saved_shows_the_same(report, tmp_path):
    file = str(tmp_path / "suite.json")
    report.suite.dump(file)
    loaded = gemm_report.Report.load(file)
    assert gemm_report.markdown(loaded) == gemm_report.markdown(report)
    assert loaded.facts == report.facts
    assert len(pyperf.BenchmarkSuite.load(file)) == 3


def test_from_shows_a_file_and_draws_it(report, tmp_path, capsys):
    file, plot = str(tmp_path / "suite.json"), tmp_path / "plot.svg"
    report.suite.dump(file)
    assert gemm_steps.main(["--from", file, "-o", str(plot)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^unit_stride .* 50%$", shown, re.MULTILINE)
    assert "<svg" in plot.read_text()


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as ended:
        gemm_steps.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--quick", "--json FILE", "--from FILE", "--docs FILE", "-o FILE"))


@needs_checkout
def test_c_that_the_document_quotes_stands_in_the_c_file():
    source = gemm_steps.SOURCE.read_text()
    quotes = re.findall(r"```c\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)
    assert len(quotes) >= 8
    for quote in quotes:
        assert quote in source


@needs_checkout
def test_the_table_of_the_document_is_that_of_a_recorded_file():
    text = DOCUMENT.read_text()
    assert text in [gemm_report.with_table(text, gemm_report.Report.load(str(file))) for file in RESULTS]
