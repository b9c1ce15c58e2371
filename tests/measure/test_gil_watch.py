"""What the GIL did while a block ran: who switched it on, and that warnings come through."""

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
