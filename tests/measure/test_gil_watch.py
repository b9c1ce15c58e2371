"""gil_watch: imports that switch the GIL on are named, and warnings are passed on."""

import subprocess
import sysconfig
import warnings
from types import SimpleNamespace

import pytest
from support import FREE_THREADED_BUILD, run_python

from nogil_kernels.measure import gil_watch, machine

SWITCHED = (
    "The global interpreter lock (GIL) has been enabled to load module 'a.old', which has not declared that it can run"
    " safely without the GIL."
)


@pytest.fixture
def gil(monkeypatch):
    """The GIL of a free-threaded build, off at first. `gil.on = True` simulates an import that switches it on."""
    state = SimpleNamespace(on=False)
    monkeypatch.setattr(machine, "gil_enabled", lambda: state.on)
    return state


def switch_on(gil):
    gil.on = True
    warnings.warn(SWITCHED, RuntimeWarning, stacklevel=1)


def test_an_import_that_switches_the_gil_on_is_named_and_still_warns(gil):
    with pytest.warns(RuntimeWarning, match="a.old"), gil_watch.watch() as watched:
        switch_on(gil)
    assert (watched.on_before, watched.on_after, watched.enabled_by) == (False, True, ("a.old",))
    assert watched.facts() == {"nk_gil_before": 0, "nk_gil_after": 1, "nk_gil_enabled_by": "a.old"}


def test_an_ignored_warning_is_still_detected(gil):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("ignore")
        with gil_watch.watch() as watched:
            switch_on(gil)
    assert watched.enabled_by == ("a.old",)
    assert shown == []


def test_a_warning_that_is_an_error_is_raised_at_the_end_of_the_block(gil):
    steps = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with gil_watch.watch() as watched:
                switch_on(gil)
                steps.append("the block goes on")
        except RuntimeWarning:
            steps.append("raised")
    assert steps == ["the block goes on", "raised"]
    assert watched.enabled_by == ("a.old",)


def test_other_warnings_obey_the_filters_of_the_caller(gil):
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "quiet")
        with gil_watch.watch() as watched:
            warnings.warn("loud", UserWarning, stacklevel=1)
            warnings.warn("quiet", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in shown] == ["loud"]
    assert watched == gil_watch.GilStates(False, False)
    with pytest.raises(UserWarning, match="loud"), gil_watch.watch():
        warnings.warn("loud", UserWarning, stacklevel=1)


def test_an_error_of_the_block_propagates_and_the_filters_are_restored(gil):
    def broken():
        with gil_watch.watch() as watched:
            watches.append(watched)
            gil.on = True
            raise ImportError("broken")

    watches, before = [], list(warnings.filters)
    with pytest.raises(ImportError, match="broken"):
        broken()
    assert warnings.filters == before
    assert watches == [gil_watch.GilStates(False, True)]


def test_warnings_are_not_delayed_if_the_gil_is_on(gil):
    gil.on = True
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with gil_watch.watch() as watched:
            warnings.warn("now", UserWarning, stacklevel=1)
            assert len(shown) == 1
    assert watched == gil_watch.GilStates(True, True)


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
for gil in harmless, first, second:
    print(int(gil.on_before), int(gil.on_after), *gil.enabled_by)
"""


@pytest.mark.skipif(not FREE_THREADED_BUILD, reason="the GIL of this build is always on")
@pytest.mark.parametrize("action", ["default", "ignore"])
def test_an_extension_without_free_threading_support_is_named(action, tmp_path):
    source = tmp_path / "old_extension.c"
    source.write_text(OLD_EXTENSION)
    library = tmp_path / ("old_extension" + sysconfig.get_config_var("EXT_SUFFIX"))
    command = ["cc", "-shared", "-fPIC", f"-I{sysconfig.get_path('include')}", str(source), "-o", str(library)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"cannot build an extension: {error}")
    code = WATCH_TWO_IMPORTS.format(folder=str(tmp_path))
    process = run_python(code, "-W", action)
    assert process.stdout.splitlines() == ["0 0", "0 1 old_extension", "1 1"], process.stderr
    assert ("module 'old_extension'" in process.stderr) == (action == "default")
    process = run_python(code, "-X", "gil=0")
    assert process.stdout.splitlines() == ["0 0", "0 0", "0 0"], process.stderr
