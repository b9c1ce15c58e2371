"""`new` and names: what is derived from them, and what is refused, with a reason and nothing written."""

import builtins
import keyword
import sys
from importlib.machinery import PathFinder

import pytest

from nogil_kernels.scaffold import names, template

TAKEN = template.taken(template.load())


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("fast-hash", "fast_hash"),
        ("Fast.Hash", "fast_hash"),
        ("fast__-.hash", "fast_hash"),
        ("x", "x"),
        ("x86", "x86"),
        ("match", "match"),  # keywords in some places only can be imported
        ("case", "case"),
        ("numpy-kernels", "numpy_kernels"),
        ("a" * 40, "a" * 40),
    ],
)
def test_an_import_name_is_derived(name, module):
    assert names.why_not(name, TAKEN) == ""
    assert names.import_name(name) == module


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "no name for pip"),
        ("-fast", "no name for pip"),
        ("fast-", "no name for pip"),
        ("_fast", "no name for pip"),
        ("fast hash", "no name for pip"),
        ("fast/hash", "no name for pip"),
        ("..", "no name for pip"),
        ("fäst", "no name for pip"),
        ("\N{KELVIN SIGN}elvin", "no name for pip"),  # which a case-blind match would take for a k
        ("fast\n", "no name for pip"),
        ("a" * 41, "too long"),
        ("3d", "begins with a digit"),
        ("class", "keyword of Python"),
        ("Lambda", "keyword of Python"),
        ("cdef", "keyword of Cython"),
        ("include", "keyword of Cython"),
        ("json", "Python's standard library"),
        ("test", "Python's standard library"),
        ("distutils", "Python's standard library"),  # of some supported Python, if not of this one
        ("profiling", "Python's standard library"),
        ("sum", "Python's own sum"),
        ("type", "Python's own type"),
        ("numpy", "needs itself"),
        ("Cython", "needs itself"),
        ("pytest", "needs itself"),
        ("pip", "installs packages"),
        ("pluggy", "the project's tools need"),
        ("typing-extensions", "the project's tools need"),
        ("sitecustomize", "whenever it starts"),
        ("src", "a folder of the project"),
        ("tests", "a folder of the project"),
        ("bench", "a folder of the project"),
        ("build", "a folder that a build makes"),
        ("setup", "a file of the project"),
        ("conftest", "a file of the project"),
        ("con", "device on Windows"),
        ("COM7", "device on Windows"),
        ("aux.kernels", "device on Windows"),
        ("nogil-kernels", "the package that you are running"),
    ],
)
def test_a_name_is_refused_in_one_line(new, here, name, reason):
    done = new("--", name)
    assert done.status == 2
    assert reason in done.said
    assert done.said.count("\n") == 1
    assert done.out == b""
    assert not list(here.iterdir())


def test_whatever_python_knows_by_itself_is_refused():
    own = {*sys.stdlib_module_names, *keyword.kwlist, *dir(builtins)}
    lower = {name for name in own if name == name.lower() and names.DISTRIBUTION.fullmatch(name)}
    assert len(lower) > 250
    assert [name for name in lower if not names.why_not(name, TAKEN)] == []


def test_modules_beside_the_tests_of_a_project_are_refused():
    modules = {path.split("/")[-1].removesuffix(".py") for path in template.load() if "/tests/" in path}
    assert "conftest" in modules
    assert [name for name in modules if names.DISTRIBUTION.fullmatch(name) and not names.why_not(name, TAKEN)] == []


@pytest.mark.parametrize("name", ["match", "case", "double", "void", "extern", "public"])
def test_a_name_that_is_a_word_of_c_or_a_soft_keyword_is_imported(new, here, name):
    assert new(name).status == 0
    found = PathFinder.find_spec(name, [str(here / name / "src")])
    assert found is not None
    assert found.submodule_search_locations
