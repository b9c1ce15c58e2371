"""The facts that every report contains."""

import json
import os
import re
import sys
import time
from types import SimpleNamespace

import pytest
from fake_facts import files
from support import FREE_THREADED_BUILD, SOURCES, python_prints

from nogil_kernels import build_info
from nogil_kernels.measure import affinity, ceiling, facts, machine, noise, power


def test_pyperf_accepts_the_facts_as_metadata():
    pyperf = pytest.importorskip("pyperf")
    known = facts.facts()
    metadata = pyperf.Run([1.0], metadata=known, collect_metadata=False).get_metadata()
    assert {name: metadata[name] for name in known} == known


def test_facts_of_this_process():
    known = facts.facts()
    assert known["nk_free_threaded_build"] == FREE_THREADED_BUILD
    assert known["nk_gil_enabled"] == machine.gil_enabled()
    assert known["nk_switch_interval"] == sys.getswitchinterval()
    assert known["nk_backend"] == build_info()["backend"]
    assert 1 <= known["nk_usable_cores"] <= known["cpu_count"]
    if hasattr(os, "sched_getaffinity"):
        assert machine.parse_cpu_list(known["cpu_affinity"]) == os.sched_getaffinity(0)
    else:
        assert "cpu_affinity" not in known


def test_no_fact_is_a_path_or_the_host_s_name():
    import numpy  # noqa: F401  # loads a BLAS library

    text = json.dumps(facts.facts())
    assert not re.search(r"[\"\s(](/|[A-Z]:)", text), text
    host = os.uname().nodename if hasattr(os, "uname") else os.environ["COMPUTERNAME"]
    assert not re.search(rf"\b{re.escape(host)}\b", text.replace(sys.platform, ""), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/opt/a/isa.so: undefined symbol: x", "isa.so: undefined symbol: x"),
        ("cannot import 'C:\\a\\isa.pyd'", "cannot import 'isa.pyd'"),
        ("(src/isa.so)\nmissing", "(isa.so) missing"),
        ("no path", "no path"),
        (None, None),
        ("", None),
    ],
)
def test_reasons_are_shortened_to_one_line_without_folders(text, line):
    assert facts._line(text) == line


def test_facts_does_not_import_numpy():
    code = "import sys; from nogil_kernels.measure.facts import facts; facts(); print('numpy' in sys.modules)"
    assert python_prints(code) == "False"


BLAS = "import numpy; from nogil_kernels.measure.facts import facts; print(facts().get('nk_blas'))"


def test_the_blas_of_numpy_is_named_with_its_threads():
    pytest.importorskip("threadpoolctl")
    text = python_prints(BLAS, OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    if text == "None":
        pytest.skip("threadpoolctl does not know the BLAS of this NumPy")
    assert re.fullmatch(r"\w+ [\w. -]+, 1 thread", text)


def test_blas_is_absent_without_threadpoolctl():
    assert python_prints("import sys; sys.modules['threadpoolctl'] = None; " + BLAS) == "None"


def test_the_same_blas_twice_is_named_once(monkeypatch):
    zen = {"user_api": "blas", "internal_api": "openblas", "version": "0.3", "architecture": "Zen", "num_threads": 2}
    openmp = {"user_api": "openmp", "internal_api": "openmp", "version": None, "num_threads": 64}
    mkl = {"user_api": "blas", "internal_api": "mkl", "version": "2025", "num_threads": 1, "filepath": "/a/b.so"}
    pools = [zen, openmp, dict(zen), mkl]
    monkeypatch.setattr(facts, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: pools))
    assert facts._blas_facts() == {"nk_blas": "openblas 0.3 Zen, 2 threads; mkl 2025, 1 thread", "nk_blas_threads": 2}


@pytest.mark.parametrize(
    ("arguments", "variables", "option"),
    [
        ((), {}, None),
        ((), {"PYTHON_GIL": "1"}, "PYTHON_GIL=1"),
        (("-X", "gil=1"), {}, "-X gil=1"),
        (("-E",), {"PYTHON_GIL": "1"}, None),
    ],
)
def test_the_gil_option_of_the_user_is_a_fact(arguments, variables, option):
    code = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); from nogil_kernels.measure.facts import facts\n"
    printed = python_prints(code + "print(facts().get('nk_python_gil'))", *(arguments or ("-B",)), **variables)
    assert printed == str(option)


def watched(start, stop):
    """Return nk_watched_by of a new interpreter between the statements `start` and `stop`."""
    return python_prints(
        f"import sys, threading\nfrom nogil_kernels.measure.facts import facts\n{start}\nknown = facts()\n{stop}\n"
        "print(known.get('nk_watched_by'))"
    )


def test_tracers_and_profilers_are_found():
    assert watched("pass", "pass") == "None"
    assert watched("sys.settrace(lambda *a: None)", "sys.settrace(None)") == "sys.settrace"
    assert watched("sys.setprofile(lambda *a: None)", "sys.setprofile(None)") == "sys.setprofile"
    assert watched("threading.settrace(lambda *a: None)", "pass") == "threading.settrace"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_tools_of_sys_monitoring_are_found():
    assert watched("sys.monitoring.use_tool_id(1, 'coverage.py')", "pass") == "sys.monitoring: coverage.py"


@pytest.mark.parametrize(
    ("text", "cpus"), [("0", {0}), ("0-3", {0, 1, 2, 3}), ("0-1,4", {0, 1, 4}), ("1,3,5-7", {1, 3, 5, 6, 7})]
)
def test_lists_of_cores_are_parsed_and_formatted_as_linux_does(text, cpus):
    assert machine.parse_cpu_list(text + "\n") == cpus
    assert machine.format_cpu_list(cpus) == text


def test_hardware_threads_of_one_core_count_once(tmp_path, monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(affinity, "cores_or_all", lambda: frozenset({0, 1, 4}))
    siblings = {0: "0,4\n", 1: "1,5\n", 4: "0,4\n"}
    files(tmp_path, {f"cpu{cpu}/topology/thread_siblings_list": text for cpu, text in siblings.items()})
    assert machine.physical_cores(tmp_path) == 2
    assert machine.physical_cores(tmp_path / "absent") is None


def test_physical_cores_are_counted_in_the_records_of_windows():
    core, cache = machine._RECORD.pack(3, 0, 1, 0, 0, 0, 0), machine._RECORD.pack(3, 2, 1, 8, 64, 48 << 10, 2)
    assert machine._parse_cores(core + cache + core + b"rest") == 2
    assert machine._parse_cores(b"") is None


def test_governor_returns_the_governors_of_the_given_cores(tmp_path):
    for cpu, name in enumerate(("powersave", "powersave", "performance")):
        folder = tmp_path / f"cpu{cpu}" / "cpufreq"
        files(folder, {"scaling_governor": name + "\n", "scaling_driver": "intel_pstate\n"})
    assert power.governor([0, 1], tmp_path) == "powersave (intel_pstate)"
    assert power.governor([0, 2], tmp_path) == "performance (intel_pstate), powersave (intel_pstate)"
    assert power.governor([7], tmp_path) is None


@pytest.mark.parametrize(
    ("supplies", "on_battery"),
    [
        ({}, None),
        ({"AC/type": "Mains\n", "AC/online": "1\n"}, None),
        ({"BAT0/type": "Battery\n", "BAT0/status": "Discharging\n"}, True),
        ({"BAT0/type": "Battery\n", "BAT0/status": "Full\n"}, False),
        ({"mouse/type": "Battery\n", "mouse/status": "Discharging\n", "mouse/scope": "Device\n"}, None),
    ],
)
def test_the_battery_on_linux(supplies, on_battery, tmp_path):
    assert power._battery_linux(files(tmp_path, supplies)) is on_battery


def test_the_battery_on_macos_and_windows():
    battery = " -InternalBattery-0 (id=1)\t88%; discharging; 5:08 remaining\n"
    assert power._battery_of_pmset("Now drawing from 'Battery Power'\n" + battery) is True
    assert power._battery_of_pmset("Now drawing from 'AC Power'\n" + battery) is False
    assert power._battery_of_pmset("Now drawing from 'AC Power'\n") is None
    assert power._battery_of_record(bytes([0, 1]) + bytes(10)) is True
    assert power._battery_of_record(bytes([1, 8]) + bytes(10)) is False
    assert power._battery_of_record(bytes([1, 128]) + bytes(10)) is None
    assert power._battery_of_record(bytes([255, 255]) + bytes(10)) is None
    assert power._battery_of_record(b"") is None


def test_stolen_ticks_are_those_of_the_given_cores(tmp_path):
    text = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 1 2\ncpu1 0 0 0 10 0 0 0 2 0 0\nintr 5\n"
    stat = files(tmp_path, {"stat": text}) / "stat"
    assert noise.stolen([0], stat) == (8, 36)
    assert noise.stolen([0, 1], stat) == (10, 48)
    assert noise.stolen([7], stat) is None
    assert noise.stolen([0], tmp_path / "absent") is None
    assert noise.stolen([0], files(tmp_path, {"old": "cpu0 1 2 3 4\n"}) / "old") is None


def test_noise_returns_the_speed_up_of_two_threads_and_the_steal(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    monkeypatch.setattr("nogil_kernels.backend.backend", "compiled")
    monkeypatch.setattr(ceiling, "native_speed_up", lambda work, workers, seconds: 1.5 * (workers == 2))
    readings = iter([(10, 1000), (15, 1040)])
    monkeypatch.setattr(noise, "stolen", lambda cpus: next(readings))
    assert noise.noise() == {"nk_native_speed_up": 1.5, "nk_steal": 0.125}


def test_noise_takes_less_than_a_second_of_processor_time(compiled_backend):
    if machine.usable_cores() < 2:
        pytest.skip("one usable core")
    begin = time.process_time()
    measured = noise.noise()
    assert time.process_time() - begin < 1
    assert 0.2 < measured["nk_native_speed_up"] < 5, "two threads run at once, even on a busy machine"


@pytest.mark.parametrize(("cores", "backend"), [(1, "compiled"), (4, "pure")])
def test_noise_returns_nothing_on_one_core_and_on_the_pure_backend(cores, backend, monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)
    monkeypatch.setattr("nogil_kernels.backend.backend", backend)
    assert noise.noise() == {}
