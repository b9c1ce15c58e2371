"""What every report says of where it was measured, what the GIL did meanwhile, and `nogil-kernels info`."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import warnings
from types import SimpleNamespace

import pytest
from support import SOURCES, python_prints, run_python

from nogil_kernels import build_info, info
from nogil_kernels.measure import facts, gil_watch, machine, noise, power
from nogil_kernels.measure.trouble import warnings_of

FREE_THREADED_BUILD = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))

QUIET = {
    "python_implementation": "cpython",
    "python_version": "3.14.0",
    "platform": "Linux-6.12-x86_64-with-glibc2.36",
    "cpu_model_name": "A processor",
    "cpu_count": 8,
    "cpu_affinity": "0-7",
    "load_avg_1min": 0.1,
    "nk_version": "0.1.0",
    "nk_backend": "compiled",
    "nk_backend_reason": "the compiled modules were found",
    "nk_isa": "avx2",
    "nk_isas_available": "portable avx2",
    "nk_kernels_compiler": "GCC 14",
    "nk_free_threaded_build": 0,
    "nk_gil_enabled": 1,
    "nk_gil_before": 1,
    "nk_gil_after": 1,
    "nk_switch_interval": 0.005,
    "nk_usable_cores": 8,
    "nk_physical_cores": 8,
    "nk_l2_bytes": 1 << 20,
    "nk_native_speed_up": 1.97,
    "nk_steal": 0.0,
    "nk_governor": "performance (intel_pstate)",
    "nk_on_battery": 0,
    "nk_blas": "openblas 0.3.34 Haswell, 1 thread",
    "nk_blas_threads": 1,
}
"""Facts of a machine on which nothing is wrong."""


def files(root, **texts):
    """Files under a made-up /proc or /sys; "__" in a name stands for "/"."""
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


# Warnings


def test_a_quiet_machine_gives_no_warning():
    assert warnings_of(QUIET) == []


def test_facts_that_are_absent_give_no_warning():
    assert warnings_of({}) == []


FREE_THREADED = {"nk_free_threaded_build": 1}
TROUBLE = [
    ({"nk_backend": "pure", "nk_backend_reason": "no .so"}, ["pure Python (no .so): it holds the GIL", "C compiler"]),
    (
        {"nk_backend": "pure", "nk_backend_reason": "NOGIL_KERNELS_BACKEND=pure", "nk_gil_enabled": 0},
        ["pure Python (NOGIL_KERNELS_BACKEND=pure): it is far slower", "Unset that variable"],
    ),
    ({"nk_switch_interval": 0.0001}, ["switch interval is 0.1 ms, not Python's 5"]),
    ({**FREE_THREADED, "nk_gil_enabled_by": "old"}, ["its GIL is on: importing old switched it on"]),
    ({**FREE_THREADED, "nk_python_gil": "PYTHON_GIL=1"}, ["its GIL is on: PYTHON_GIL=1 asks for it"]),
    (FREE_THREADED, ["its GIL is on: an import has"]),
    ({**FREE_THREADED, "nk_gil_enabled": 0, "nk_python_gil": "-X gil=0"}, ["-X gil=0 keeps the GIL off"]),
    ({"nk_debug_build": 1}, ["debug build"]),
    ({"nk_watched_by": "sys.monitoring: coverage"}, ["(sys.monitoring: coverage)"]),
    ({"nk_quota_cores": 2.5}, ["quota is 2.5 cores, of 8", "at most 2 workers"]),
    ({"nk_quota_cores": 1.0}, ["quota is 1 core, of 8", "at most 1 worker,"]),
    ({"cpu_affinity": "0-1,4"}, ["kept to 3 of the machine's 8 cores (affinity 0-1,4)"]),
    ({"nk_usable_cores": 1, "nk_physical_cores": 1}, ["One core is usable"]),
    ({"nk_physical_cores": 4}, ["8 usable cores are hardware threads of 4 physical cores", "beyond 4 workers"]),
    ({"load_avg_1min": 3.2}, ["load was 3.2 on 8 cores"]),
    ({"nk_native_speed_up": 1.2}, ["were 1.20 times as fast as one"]),
    ({"nk_native_speed_up": 2.4}, ["were 2.40 times as fast as one"]),
    ({"nk_steal": 0.125}, ["took 12% of"]),
    ({"nk_governor": "performance (acpi), powersave (acpi)"}, ["governor is performance (acpi), powersave (acpi)"]),
    ({"nk_on_battery": 1}, ["on battery"]),
    ({"nk_blas": "mkl 2025, 8 threads", "nk_blas_threads": 8}, ["up to 8 threads", "mkl 2025", "threadpool_limits(1)"]),
]


@pytest.mark.parametrize(("found", "said"), TROUBLE)
def test_each_trouble_gives_one_warning_that_says_what_was_found(found, said):
    (sentence,) = warnings_of(QUIET | found)
    assert all(words in sentence for words in said), sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") >= 1, "it says what to do"
    assert "  " not in sentence


@pytest.mark.parametrize(
    "harmless",
    [
        {"nk_free_threaded_build": 1, "nk_gil_enabled": 0},
        {"nk_free_threaded_build": 1, "nk_gil_enabled": 0, "nk_switch_interval": 0.1},
        {"nk_python_gil": "PYTHON_GIL=1"},
        {"nk_quota_cores": 8.0},
        {"nk_usable_cores": 2},
        {"load_avg_1min": 3.1},
        {"nk_native_speed_up": 1.81},
        {"nk_steal": 0.09},
        {"nk_governor": "schedutil (cppc_cpufreq)"},
    ],
)
def test_what_is_below_a_threshold_or_means_nothing_gives_none(harmless):
    assert warnings_of(QUIET | harmless) == []


def test_work_that_calls_no_blas_is_not_warned_of_blas():
    crowded = QUIET | {"nk_blas_threads": 8, "nk_blas": "mkl 2025, 8 threads"}
    assert warnings_of(crowded, blas=False) == []
    assert len(warnings_of(crowded)) == 1


# Facts


def test_facts_are_what_pyperf_takes_as_metadata():
    pyperf = pytest.importorskip("pyperf")
    found = facts.facts()
    metadata = pyperf.Run([1.0], metadata=found, collect_metadata=False).get_metadata()
    assert {name: metadata[name] for name in found} == found


def test_facts_of_this_process():
    found = facts.facts()
    assert found["nk_free_threaded_build"] == FREE_THREADED_BUILD
    assert found["nk_gil_enabled"] == machine.gil_enabled()
    assert found["nk_switch_interval"] == sys.getswitchinterval()
    assert found["nk_backend"] == build_info()["backend"]
    assert 1 <= found["nk_usable_cores"] <= found["cpu_count"]
    if hasattr(os, "sched_getaffinity"):
        assert machine.parse_cpu_list(found["cpu_affinity"]) == os.sched_getaffinity(0)
    else:
        assert "cpu_affinity" not in found


def test_no_fact_is_a_path_or_the_host_s_name():
    import numpy  # noqa: F401  # brings a BLAS

    text = json.dumps(facts.facts())
    assert not re.search(r"[\"\s(](/|[A-Z]:)", text), text
    host = os.uname().nodename if hasattr(os, "uname") else os.environ["COMPUTERNAME"]
    assert not re.search(rf"\b{re.escape(host)}\b", text.replace(sys.platform, ""), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/opt/a/isa.so: undefined symbol: x", "isa.so: undefined symbol: x"),
        ("cannot import 'C:\\a\\isa.pyd'", "cannot import 'isa.pyd'"),
        ("(src/isa.so)\nmissing", "(isa.so) missing"),
        ("no path", "no path"),
        (None, None),
        ("", None),
    ],
)
def test_a_reason_is_one_line_without_folders(text, shown):
    assert facts._line(text) == shown


def test_facts_import_no_numpy():
    assert (
        python_prints(
            "import sys; from nogil_kernels.measure.facts import facts; facts(); print('numpy' in sys.modules)"
        )
        == "False"
    )


BLAS = "import numpy; from nogil_kernels.measure.facts import facts; print(facts().get('nk_blas'))"


def test_the_blas_that_numpy_brings_is_named_with_its_threads():
    pytest.importorskip("threadpoolctl")
    text = python_prints(BLAS, OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    if text == "None":
        pytest.skip("this NumPy brings no BLAS that threadpoolctl knows")
    assert re.fullmatch(r"\w+ [\w. -]+, 1 thread", text)


def test_blas_is_absent_without_threadpoolctl():
    assert python_prints("import sys; sys.modules['threadpoolctl'] = None; " + BLAS) == "None"


def test_the_same_blas_twice_is_named_once(monkeypatch):
    one = {"user_api": "blas", "internal_api": "openblas", "version": "0.3", "architecture": "Zen", "num_threads": 2}
    openmp = {"user_api": "openmp", "internal_api": "openmp", "version": None, "num_threads": 64}
    other = {"user_api": "blas", "internal_api": "mkl", "version": "2025", "num_threads": 1, "filepath": "/a/b.so"}
    pools = [one, openmp, dict(one), other]
    monkeypatch.setitem(sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: pools))
    assert facts._of_blas() == {"nk_blas": "openblas 0.3 Zen, 2 threads; mkl 2025, 1 thread", "nk_blas_threads": 2}


@pytest.mark.parametrize(
    ("arguments", "variables", "asked"),
    [
        ((), {}, None),
        ((), {"PYTHON_GIL": "1"}, "PYTHON_GIL=1"),
        (("-X", "gil=1"), {}, "-X gil=1"),
        (("-E",), {"PYTHON_GIL": "1"}, None),
    ],
)
def test_what_was_asked_of_the_gil_is_a_fact(arguments, variables, asked):
    code = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); from nogil_kernels.measure.facts import facts\n"
    assert python_prints(code + "print(facts().get('nk_python_gil'))", *(arguments or ("-B",)), **variables) == str(
        asked
    )


def watched(start, stop):
    """The fact nk_watched_by of a fresh interpreter between two statements."""
    return python_prints(
        f"import sys, threading\nfrom nogil_kernels.measure.facts import facts\n{start}\nfound = facts()\n{stop}\n"
        "print(found.get('nk_watched_by'))"
    )


def test_tracers_and_profilers_are_found():
    assert watched("pass", "pass") == "None"
    assert watched("sys.settrace(lambda *a: None)", "sys.settrace(None)") == "sys.settrace"
    assert watched("sys.setprofile(lambda *a: None)", "sys.setprofile(None)") == "sys.setprofile"
    assert watched("threading.settrace(lambda *a: None)", "pass") == "threading.settrace"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_tools_of_sys_monitoring_are_found():
    assert watched("sys.monitoring.use_tool_id(1, 'coverage.py')", "pass") == "sys.monitoring: coverage.py"


# The machine


@pytest.mark.parametrize(
    ("text", "cpus"), [("0", {0}), ("0-3", {0, 1, 2, 3}), ("0-1,4", {0, 1, 4}), ("1,3,5-7", {1, 3, 5, 6, 7})]
)
def test_a_list_of_cores_is_read_and_written_as_linux_does(text, cpus):
    assert machine.parse_cpu_list(text + "\n") == cpus
    assert machine.format_cpu_list(cpus) == text


def linux(monkeypatch, cpus):
    monkeypatch.setattr(machine.sys, "platform", "linux")
    monkeypatch.setattr(machine, "_affinity", lambda: frozenset(cpus))


def test_hardware_threads_of_one_core_count_once(tmp_path, monkeypatch):
    linux(monkeypatch, {0, 1, 4})
    siblings = {0: "0,4\n", 1: "1,5\n", 4: "0,4\n"}
    files(tmp_path, **{f"cpu{cpu}__topology__thread_siblings_list": text for cpu, text in siblings.items()})
    assert machine.physical_cores(tmp_path) == 2
    assert machine.physical_cores(tmp_path / "absent") is None


def test_windows_records_tell_the_cores():
    core, cache = machine._RECORD.pack(3, 0, 1, 0, 0, 0, 0), machine._RECORD.pack(3, 2, 1, 8, 64, 48 << 10, 2)
    assert machine._cores_of_records(core + cache + core + b"rest") == 2
    assert machine._cores_of_records(b"") is None


def test_the_governors_of_the_usable_cores_are_told(tmp_path):
    for cpu, kind in enumerate(("powersave", "powersave", "performance")):
        files(tmp_path / f"cpu{cpu}" / "cpufreq", scaling_governor=kind + "\n", scaling_driver="intel_pstate\n")
    assert power.governor([0, 1], tmp_path) == "powersave (intel_pstate)"
    assert power.governor([0, 2], tmp_path) == "performance (intel_pstate), powersave (intel_pstate)"
    assert power.governor([7], tmp_path) is None


@pytest.mark.parametrize(
    ("supplies", "on_battery"),
    [
        ({}, None),
        ({"AC__type": "Mains\n", "AC__online": "1\n"}, None),
        ({"BAT0__type": "Battery\n", "BAT0__status": "Discharging\n"}, True),
        ({"BAT0__type": "Battery\n", "BAT0__status": "Full\n"}, False),
        ({"mouse__type": "Battery\n", "mouse__status": "Discharging\n", "mouse__scope": "Device\n"}, None),
    ],
)
def test_linux_tells_of_the_battery(supplies, on_battery, tmp_path):
    assert power._battery_linux(files(tmp_path, **supplies)) is on_battery


def test_macos_and_windows_tell_of_the_battery():
    battery = " -InternalBattery-0 (id=1)\t88%; discharging; 5:08 remaining\n"
    assert power._battery_of_pmset("Now drawing from 'Battery Power'\n" + battery) is True
    assert power._battery_of_pmset("Now drawing from 'AC Power'\n" + battery) is False
    assert power._battery_of_pmset("Now drawing from 'AC Power'\n") is None
    assert power._battery_of_record(bytes([0, 1]) + bytes(10)) is True
    assert power._battery_of_record(bytes([1, 8]) + bytes(10)) is False
    assert power._battery_of_record(bytes([1, 128]) + bytes(10)) is None
    assert power._battery_of_record(bytes([255, 255]) + bytes(10)) is None
    assert power._battery_of_record(b"") is None


# Noise


def test_stolen_time_is_that_of_the_usable_cores(tmp_path):
    text = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 1 2\ncpu1 0 0 0 10 0 0 0 2 0 0\nintr 5\n"
    stat = files(tmp_path, stat=text) / "stat"
    assert noise.stolen([0], stat) == (8, 36)
    assert noise.stolen([0, 1], stat) == (10, 48)
    assert noise.stolen([7], stat) is None
    assert noise.stolen([0], tmp_path / "absent") is None
    assert noise.stolen([0], files(tmp_path, old="cpu0 1 2 3 4\n") / "old") is None


def test_noise_takes_the_gain_of_two_threads_and_the_steal_meanwhile(monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)
    monkeypatch.setattr("nogil_kernels.backend.backend", "compiled")
    monkeypatch.setattr(
        "nogil_kernels.measure.ceiling.native_speed_up", lambda work, workers, seconds: 1.5 * (workers == 2)
    )
    readings = iter([(10, 1000), (15, 1040)])
    monkeypatch.setattr(noise, "stolen", lambda cpus: next(readings))
    assert noise.noise() == {"nk_native_speed_up": 1.5, "nk_steal": 0.125}


def test_noise_is_found_in_less_than_a_second_of_processor_time(compiled_backend):
    if machine.usable_cores() < 2:
        pytest.skip("one usable core")
    begin = time.process_time()
    found = noise.noise()
    assert time.process_time() - begin < 1
    assert 0.2 < found["nk_native_speed_up"] < 5, "busy or not, two threads run at once"


@pytest.mark.parametrize(("cores", "backend"), [(1, "compiled"), (4, "pure")])
def test_there_is_no_noise_to_find_on_one_core_or_the_pure_backend(cores, backend, monkeypatch):
    monkeypatch.setattr(machine, "usable_cores", lambda: cores)
    monkeypatch.setattr("nogil_kernels.backend.backend", backend)
    assert noise.noise() == {}


# What the GIL did meanwhile

SWITCHED = (
    "The global interpreter lock (GIL) has been enabled to load module 'a.old', which has not declared that it can run"
    " safely without the GIL."
)


@pytest.fixture
def gil(monkeypatch):
    """A free-threaded build's GIL, off; `gil.on = True` is what an import does to it."""
    state = SimpleNamespace(on=False)
    monkeypatch.setattr(machine, "gil_enabled", lambda: state.on)
    return state


def switch_on(gil):
    gil.on = True
    warnings.warn(SWITCHED, RuntimeWarning, stacklevel=1)


def test_an_import_that_switches_the_gil_on_is_named_and_its_warning_passed_on(gil):
    with pytest.warns(RuntimeWarning, match="a.old"), gil_watch.watch() as seen:
        switch_on(gil)
    assert (seen.before, seen.after, seen.enabled_by) == (False, True, ("a.old",))
    assert seen.facts() == {"nk_gil_before": 0, "nk_gil_after": 1, "nk_gil_enabled_by": "a.old"}


def test_a_filter_that_ignores_the_warning_hides_nothing_from_the_watch(gil):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("ignore")
        with gil_watch.watch() as seen:
            switch_on(gil)
    assert seen.enabled_by == ("a.old",)
    assert shown == []


def test_a_filter_that_makes_it_an_error_raises_it_at_the_end_of_the_block(gil):
    steps = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with gil_watch.watch() as seen:
                switch_on(gil)
                steps.append("the block goes on")
        except RuntimeWarning:
            steps.append("raised")
    assert steps == ["the block goes on", "raised"]
    assert seen.enabled_by == ("a.old",)


def test_other_warnings_meet_the_filters_that_were_in_force(gil):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "quiet")
        with gil_watch.watch() as seen:
            warnings.warn("loud", UserWarning, stacklevel=1)
            warnings.warn("quiet", UserWarning, stacklevel=1)
    assert [str(one.message) for one in shown] == ["loud"]
    assert seen == gil_watch.Gil(False, False)
    with pytest.raises(UserWarning, match="loud"), gil_watch.watch():
        warnings.warn("loud", UserWarning, stacklevel=1)


def test_what_the_block_raises_comes_out_and_the_filters_are_as_before(gil):
    def broken():
        with gil_watch.watch() as seen:
            watches.append(seen)
            gil.on = True
            raise ImportError("broken")

    watches, before = [], list(warnings.filters)
    with pytest.raises(ImportError, match="broken"):
        broken()
    assert warnings.filters == before
    assert watches == [gil_watch.Gil(False, True)]


def test_where_the_gil_is_on_warnings_are_left_alone(gil):
    gil.on = True
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with gil_watch.watch() as seen:
            warnings.warn("now", UserWarning, stacklevel=1)
            assert len(shown) == 1
    assert seen == gil_watch.Gil(True, True)


OLD_EXTENSION = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "old_extension", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_old_extension(void) { return PyModule_Create(&module); }
"""
WATCH_TWO_IMPORTS = """
import sys
sys.path.insert(0, {folder!r})
from nogil_kernels.measure.gil_watch import watch
with watch() as harmless:
    import json, array
with watch() as first:
    import old_extension
with watch() as second:
    import old_extension
for seen in harmless, first, second:
    print(int(seen.before), int(seen.after), *seen.enabled_by)
"""


@pytest.mark.skipif(not FREE_THREADED_BUILD, reason="the GIL of this build is always on")
@pytest.mark.parametrize("action", ["default", "ignore"])
def test_a_real_extension_that_declares_nothing_is_named(action, tmp_path):
    source = tmp_path / "old_extension.c"
    source.write_text(OLD_EXTENSION)
    library = tmp_path / ("old_extension" + sysconfig.get_config_var("EXT_SUFFIX"))
    command = ["cc", "-shared", "-fPIC", f"-I{sysconfig.get_path('include')}", str(source), "-o", str(library)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no extension can be built: {error}")
    code = WATCH_TWO_IMPORTS.format(folder=str(tmp_path))
    done = run_python(code, "-W", action)
    assert done.stdout.splitlines() == ["0 0", "0 1 old_extension", "1 1"], done.stderr
    assert ("module 'old_extension'" in done.stderr) == (action == "default")
    kept_off = run_python(code, "-X", "gil=0")
    assert kept_off.stdout.splitlines() == ["0 0", "0 0", "0 0"], kept_off.stderr


# The command


def run_info(*arguments, before="", **variables):
    """`nogil-kernels info` in a fresh interpreter, every warning an error, after the statements `before`."""
    code = f"import os, sys\n{before}\nfrom nogil_kernels.cli import main\nsys.exit(main(['info', *{arguments!r}]))"
    return python_prints(code, **variables)


def loaded(*arguments, **options):
    seen = json.loads(run_info("--json", *arguments, **options))
    assert seen.keys() == {"facts", "warnings"}
    return seen


def test_info_shows_its_groups_within_80_columns():
    text = run_info()
    lines = text.splitlines()
    assert [line for line in lines if line in ("Kernels", "Python and GIL", "Machine", "BLAS")] == [
        "Kernels",
        "Python and GIL",
        "Machine",
        "BLAS",
    ]
    assert "Warnings" in lines or "No warnings." in lines
    assert max(map(len, lines)) < 80
    assert machine.cpu_name().split()[0] in text
    assert str(build_info()["isa"] or "pure") in text


def test_info_tells_facts_and_warnings_as_json():
    seen = loaded()
    assert seen["warnings"] == warnings_of(seen["facts"])
    volatile = {
        "date",
        "load_avg_1min",
        "nk_native_speed_up",
        "nk_steal",
        "nk_blas_threads",
        "nk_blas",
        "nk_watched_by",
    }
    volatile |= {"nk_python_gil", "nk_gil_enabled", "nk_gil_before", "nk_gil_after", "nk_numpy", "nk_backend_reason"}
    here = facts.facts()
    assert {name: fact for name, fact in seen["facts"].items() if name not in volatile} == {
        name: fact for name, fact in here.items() if name not in volatile
    }


@pytest.mark.skipif(sys.platform == "win32", reason="os.times() has no time of child processes there")
def test_info_takes_less_than_a_second_of_processor_time():
    """On a busy machine it ends later than that."""
    before = os.times()
    run_info()
    after = os.times()
    assert 0 < after.children_user + after.children_system - before.children_user - before.children_system < 1


@pytest.mark.parametrize("module", ["numpy", "threadpoolctl", "pyperf", "rich", "psutil"])
def test_info_needs_no_extra(module):
    text = run_info(before=f"sys.modules[{module!r}] = None")
    if module == "numpy":
        assert re.search(r"NumPy +cannot be imported", text)
    if module == "threadpoolctl":
        assert "pip install 'nogil-kernels[bench]'" in " ".join(text.split())


def test_info_on_the_pure_backend_says_so():
    text = run_info(NOGIL_KERNELS_BACKEND="pure")
    assert "pure (NOGIL_KERNELS_BACKEND=pure)" in text
    assert "instruction set" not in text
    assert "2 native threads" not in text
    assert "The backend is pure Python" in text


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not keep processes to cores")
def test_info_on_one_core_says_so():
    core = min(os.sched_getaffinity(0))
    seen = loaded(before=f"os.sched_setaffinity(0, {{{core}}})")
    assert seen["facts"]["cpu_affinity"] == str(core)
    assert seen["facts"]["nk_usable_cores"] == 1
    assert "nk_native_speed_up" not in seen["facts"]
    assert any(sentence.startswith("One core is usable") for sentence in seen["warnings"])
    kept = [sentence for sentence in seen["warnings"] if f"(affinity {core})" in sentence]
    assert len(kept) == (os.cpu_count() > 1)


def test_no_warnings_is_said_too():
    text = info.as_text(info.Seen(QUIET, []))
    assert text.endswith("\n\nNo warnings.")


def test_long_facts_and_warnings_are_wrapped():
    reason = "the compiled modules cannot be imported: " + " ".join(["a long reason"] * 20)
    known = QUIET | {"nk_backend_reason": reason, "nk_blas": "; ".join(["openblas " + "0.3.34 Haswell " * 9] * 2)}
    text = info.as_text(info.Seen(known, ["A sentence of many words. " * 9]))
    assert max(map(len, text.splitlines())) < 80
    assert reason in " ".join(text.split())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "on, cannot be switched off"),
        ({"nk_free_threaded_build": 1, "nk_gil_enabled": 0, "nk_gil_before": 0}, "off"),
        ({"nk_free_threaded_build": 1}, "on"),
        ({"nk_free_threaded_build": 1, "nk_gil_before": 0, "nk_gil_enabled_by": "old"}, "on, since importing old"),
    ],
)
def test_info_tells_the_gil_s_state(found, said):
    text = info.as_text(info.Seen(QUIET | found, []))
    assert re.search(rf"^  GIL +{re.escape(said)}", text, re.MULTILINE)
