"""Each step of gemm_steps.c computes the product. The quotes and the table in docs/gemm.md are up to date."""

import itertools
import re

import numpy as np
import pytest
from test_docs import ROOT, needs_checkout

from bench import Impossible, docs, suites, timing
from bench.gemm import gemm_steps, report
from nogil_kernels.measure import suite_file

DOCUMENT = ROOT / "docs" / "gemm.md"
RESULTS = sorted((ROOT / "bench" / "results").glob("gemm_steps-*.json"))


@pytest.fixture(scope="module")
def library():
    try:
        return gemm_steps.compile_steps()
    except Impossible as reason:
        pytest.skip(str(reason))


@pytest.fixture
def suite():
    """Return a suite with two steps and the peak at n = 8, with known times."""
    steps = {"naive": [4e-6, 4e-6, 5e-6], "unit_stride": [2e-6, 2e-6, 2e-6], report.PEAK: [1e-6]}
    common = {"nk_bench": "gemm_steps", "nk_n": 8, "nk_flops": 1024, "nk_compiler": "cc 1", "nk_flags": "-O3"}
    return suites.make(steps, {step: common | {"nk_step": step} for step in steps})


# n = 1 is smaller than any tile. 7, 33 and 100 have edges. 64 has whole tiles of rows. 530 has two blocks of columns
# and three of k. 1030 has more rows than a block of A.
@pytest.mark.parametrize(
    ("step", "n"), [*itertools.product(report.C_STEPS, [1, 7, 33, 64, 100, 530]), ("packed", 1030)]
)
def test_each_step_computes_the_product(library, step, n):
    a, b = np.random.default_rng(n).uniform(-1, 1, (2, n, n))
    assert gemm_steps.is_product(gemm_steps.multiply(library, step, a, b), a, b)


@pytest.mark.parametrize("element", [(0, 0), (32, 32), (17, 5)])
def test_an_error_in_one_element_is_detected(element):
    a, b = np.random.default_rng(0).uniform(-1, 1, (2, 33, 33))
    c = a @ b
    c[element] += 1e-9
    assert gemm_steps.is_product(a @ b, a, b)
    assert not gemm_steps.is_product(c, a, b)


def test_the_steps_are_the_functions_of_the_c_file_in_its_order():
    functions = re.findall(r"^void (\w+)\(ptrdiff_t n, ", gemm_steps.SOURCE.read_text(), re.MULTILINE)
    assert functions == list(report.C_STEPS)


def test_a_missing_compiler_is_an_error_with_a_remedy(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(Impossible, match=r"no C compiler: no-such-compiler: .*\. Set CC"):
        gemm_steps.compile_steps()


def test_the_error_of_a_failed_compilation_has_the_command_and_its_output(library, monkeypatch):
    monkeypatch.setenv("CC", " ".join([*gemm_steps.compiler(), "--no-such-option"]))
    with pytest.raises(Impossible, match=r"(?s)the C compiler failed.*--no-such-option.*error"):
        gemm_steps.compile_steps()


def test_a_missing_compiler_is_printed_without_a_traceback(compiled_backend, monkeypatch, capsys):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(SystemExit) as raised:
        gemm_steps.main(["--quick"])
    assert raised.value.code == 1
    assert capsys.readouterr().err.startswith("python -m bench gemm_steps: no C compiler")


def test_every_step_and_reference_is_measured(library, compiled_backend, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(timing, "MIN_ROUNDS", 3)
    monkeypatch.setattr(gemm_steps, "QUICK_SIZES", (8, 12))
    monkeypatch.setattr(gemm_steps, "QUICK_SECONDS", 0.0)
    monkeypatch.setattr(gemm_steps, "NAIVE_SIZE", 8)
    file = str(tmp_path / "steps.json")
    assert gemm_steps.main(["--quick", "--json", file]) == 0
    suite = suites.load(file, "gemm_steps")
    measured = report.Report(suite)
    assert measured.steps == [*report.STEPS, *report.REFERENCES]
    assert all(measured.gflops(step, 8) > 0 for step in measured.steps)
    assert len(suite.get_benchmark("naive-12").get_values()) == 1
    assert measured.share(report.PEAK, 8) == 1


def test_rates_gains_and_shares_follow_from_the_samples(suite):
    known = report.Report(suite)
    assert known.gflops("naive", 8) == pytest.approx(1024 / 4e-6 / 1e9)
    assert known.gain("unit_stride", 8).median == 2
    assert known.gain("naive", 8) is None
    assert known.share("unit_stride", 8) == pytest.approx(0.5)


def test_from_shows_a_file(suite, tmp_path, capsys):
    file = str(tmp_path / "suite.json")
    suite_file.save(suite, file)
    assert gemm_steps.main(["--from", file]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ *unit_stride .* 50% *$", printed, re.MULTILINE)
    assert re.search(r"^ *FMA peak .* 1\.02 ", printed, re.MULTILINE)


@needs_checkout
def test_c_code_in_the_document_is_a_quote_of_the_c_file():
    source = gemm_steps.SOURCE.read_text()
    quotes = re.findall(r"```c\n(.*?)\n```", DOCUMENT.read_text(), re.DOTALL)
    assert len(quotes) >= 8
    assert [quote for quote in quotes if quote not in source] == []


@needs_checkout
def test_the_document_has_the_table_of_a_recorded_file():
    text = DOCUMENT.read_text()
    tables = [report.markdown(suites.load(str(file), "gemm_steps")) for file in RESULTS]
    assert text in [docs.with_section(text, "gemm_steps", table) for table in tables]
