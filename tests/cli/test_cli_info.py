"""`nogil-kernels info`: its text and its JSON."""

import json
import os
import re
import sys

import pytest
from fake_facts import QUIET
from support import python_prints

from nogil_kernels import __version__, build_info
from nogil_kernels.cli import info, main
from nogil_kernels.measure import facts, machine
from nogil_kernels.measure.machine_warnings import warnings_of


def run_info(*arguments, before="", **variables):
    """Run the statements `before` and `nogil-kernels info` in a fresh interpreter with warnings as errors."""
    code = f"import os, sys\n{before}\nfrom nogil_kernels.cli import main\nsys.exit(main(['info', *{arguments!r}]))"
    return python_prints(code, **variables)


def info_json(*arguments, **options):
    report = json.loads(run_info("--json", *arguments, **options))
    assert report.keys() == {"facts", "warnings"}
    return report


def test_info_prints_its_groups_within_80_columns():
    text = run_info()
    lines = text.splitlines()
    groups = ["Kernels", "Python and GIL", "Machine", "BLAS"]
    assert [line for line in lines if line in groups] == groups
    assert "Warnings" in lines or "No warnings." in lines
    assert max(map(len, lines)) < 80
    assert machine.cpu_name().split()[0] in text
    assert str(build_info()["isa"] or "pure") in text


def test_info_prints_facts_and_warnings_as_json():
    report = info_json()
    assert report["warnings"] == warnings_of(report["facts"])
    volatile = {"date", "load_avg_1min", "nk_native_speed_up", "nk_steal", "nk_watched_by"}
    volatile |= {"nk_blas", "nk_blas_threads", "nk_numpy", "nk_backend_reason"}
    volatile |= {"nk_python_gil", "nk_gil_enabled", "nk_gil_before", "nk_gil_after"}
    expected = {name: fact for name, fact in facts.facts().items() if name not in volatile}
    assert {name: fact for name, fact in report["facts"].items() if name not in volatile} == expected


def test_text_and_json_contain_the_same_facts(capsys):
    assert main(["info"]) == 0
    text = capsys.readouterr().out
    assert main(["info", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["facts"]
    assert (facts["nk_version"], facts["nk_backend"]) == (__version__, build_info()["backend"])
    assert all(str(facts[name]) in text for name in ("nk_version", "nk_backend", "python_version", "cpu_model_name"))


@pytest.mark.skipif(sys.platform == "win32", reason="os.times() has no time of child processes there")
def test_info_takes_less_than_a_second_of_processor_time():
    """Processor time, since a busy machine adds to the wall-clock time."""
    before = os.times()
    run_info()
    after = os.times()
    assert 0 < after.children_user + after.children_system - before.children_user - before.children_system < 1


@pytest.mark.parametrize("module", ["numpy", "threadpoolctl", "pyperf", "rich", "psutil"])
def test_info_needs_no_optional_package(module):
    text = run_info(before=f"sys.modules[{module!r}] = None")
    if module == "numpy":
        assert re.search(r"NumPy +cannot be imported", text)
    if module == "threadpoolctl":
        assert "pip install threadpoolctl" in " ".join(text.split())


def test_info_names_the_pure_backend():
    text = run_info(NOGIL_KERNELS_BACKEND="pure")
    assert "pure (NOGIL_KERNELS_BACKEND=pure)" in text
    assert "instruction set" not in text
    assert "2 native threads" not in text
    assert "The backend is pure Python" in text


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no CPU affinity")
def test_info_warns_of_a_single_usable_core():
    core = min(os.sched_getaffinity(0))
    report = info_json(before=f"os.sched_setaffinity(0, {{{core}}})")
    assert report["facts"]["cpu_affinity"] == str(core)
    assert report["facts"]["nk_usable_cores"] == 1
    assert "nk_native_speed_up" not in report["facts"]
    assert any(sentence.startswith("Only one core is usable") for sentence in report["warnings"])
    of_affinity = [sentence for sentence in report["warnings"] if f"(affinity {core})" in sentence]
    assert len(of_affinity) == (os.cpu_count() > 1)


def test_the_absence_of_warnings_is_printed():
    assert info.as_text(QUIET, []).endswith("\n\nNo warnings.")


def test_info_names_the_limits_of_the_abi3_build():
    assert "abi3" not in info.as_text(QUIET, [])
    text = info.as_text(QUIET | {"nk_kernels_abi3": 1}, [])
    assert re.search(r"^  build +abi3: slower calls, and no", text, re.MULTILINE)


def test_long_facts_and_warnings_are_wrapped():
    reason = "the compiled modules cannot be imported: " + " ".join(["a long reason"] * 20)
    known = QUIET | {"nk_backend_reason": reason, "nk_blas": "; ".join(["openblas " + "0.3.34 Haswell " * 9] * 2)}
    text = info.as_text(known, ["A sentence of many words. " * 9])
    assert max(map(len, text.splitlines())) < 80
    assert reason in " ".join(text.split())


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, "on, cannot be switched off"),
        ({"nk_free_threaded_build": 1, "nk_gil_enabled": 0, "nk_gil_before": 0}, "off"),
        ({"nk_free_threaded_build": 1}, "on"),
        ({"nk_free_threaded_build": 1, "nk_gil_before": 0, "nk_gil_enabled_by": "old"}, "on: importing old"),
    ],
)
def test_info_names_the_state_of_the_gil(known, state):
    assert re.search(rf"^  GIL +{re.escape(state)}", info.as_text(QUIET | known, []), re.MULTILINE)
