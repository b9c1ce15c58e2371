"""Which facts of a machine make a warning, and which do not."""

import pytest
from made_facts import QUIET

from nogil_kernels.measure.machine_warnings import warnings_of


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
