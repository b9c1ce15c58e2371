"""Which facts about a machine give a warning, and which do not."""

import pytest
from fake_facts import QUIET

from nogil_kernels.measure.machine_warnings import warnings_of


def test_absent_facts_give_no_warning():
    assert warnings_of({}) == []


FREE_THREADED = {"nk_free_threaded_build": 1}
PROBLEMS = [
    (
        {"nk_backend": "pure", "nk_backend_reason": "no .so"},
        ["pure Python (no .so), which holds the GIL", "C compiler"],
    ),
    (
        {"nk_backend": "pure", "nk_backend_reason": "NOGIL_KERNELS_BACKEND=pure", "nk_gil_enabled": 0},
        ["pure Python (NOGIL_KERNELS_BACKEND=pure), which is far slower", "Unset this variable"],
    ),
    ({"nk_switch_interval": 0.0001}, ["switch interval is 0.1 ms instead of the default 5 ms"]),
    ({**FREE_THREADED, "nk_gil_enabled_by": "old"}, ["build is on: importing old switched it on"]),
    ({**FREE_THREADED, "nk_python_gil": "PYTHON_GIL=1"}, ["build is on: PYTHON_GIL=1 is set"]),
    (FREE_THREADED, ["build is on: an import switched it on"]),
    ({**FREE_THREADED, "nk_gil_enabled": 0, "nk_python_gil": "-X gil=0"}, ["-X gil=0 keeps the GIL off"]),
    ({"nk_debug_build": 1}, ["debug build"]),
    ({"nk_watched_by": "sys.monitoring: coverage"}, ["(sys.monitoring: coverage)"]),
    ({"nk_quota_cores": 2.5}, ["quota is 2.5 cores of 8", "at most 2 workers"]),
    ({"nk_quota_cores": 1.0}, ["quota is 1 core of 8", "at most 1 worker,"]),
    ({"cpu_affinity": "0-1,4"}, ["may use only 3 of 8 cores (affinity 0-1,4)"]),
    ({"nk_usable_cores": 1, "nk_physical_cores": 1}, ["Only one core is usable"]),
    ({"nk_physical_cores": 4}, ["8 usable cores are hardware threads of 4 physical cores", "beyond 4 workers"]),
    ({"nk_kept_waiting": 0.25}, ["did not run 25% of the time", "End those programs"]),
    ({"nk_slow_down": 1.3}, ["took 1.30 times as long as the best one"]),
    ({"nk_native_speed_up": 1.2}, ["were 1.20 times as fast as one"]),
    ({"nk_native_speed_up": 2.4}, ["were 2.40 times as fast as one"]),
    ({"nk_steal": 0.125}, ["took 12% of"]),
    ({"nk_governor": "performance (acpi), powersave (acpi)"}, ["governor is performance (acpi), powersave (acpi)"]),
    ({"nk_on_battery": 1}, ["on battery"]),
    ({"nk_blas": "mkl 2025, 8 threads", "nk_blas_threads": 8}, ["up to 8 threads", "mkl 2025", "threadpool_limits(1)"]),
]


@pytest.mark.parametrize(("facts", "phrases"), PROBLEMS)
def test_each_problem_gives_one_warning_with_the_figure_and_a_remedy(facts, phrases):
    (warning,) = warnings_of(QUIET | facts)
    assert all(phrase in warning for phrase in phrases), warning
    assert warning.endswith(".")
    assert warning.count(". ") >= 1, "the remedy is a separate sentence"
    assert "  " not in warning


@pytest.mark.parametrize(
    "harmless",
    [
        {},
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
def test_a_quiet_machine_and_harmless_facts_give_no_warning(harmless):
    assert warnings_of(QUIET | harmless) == []


def test_blas_gives_no_warning_if_the_work_does_not_call_it():
    threaded_blas = QUIET | {"nk_blas_threads": 8, "nk_blas": "mkl 2025, 8 threads"}
    assert warnings_of(threaded_blas, blas=False) == []
    assert len(warnings_of(threaded_blas)) == 1
