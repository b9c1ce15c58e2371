"""`new` and names: what is derived from them, and what is refused, with a reason and nothing written."""

import builtins
import keyword
import sys
from importlib.machinery import PathFinder

import pytest

from nogil_kernels.scaffold import names, template

TAKEN = template.taken(template.load())

# The Kelvin sign is one that a case-blind match takes for a k. Some supported Python has distutils, if not this one.
REFUSED = {
    "no name for pip": [
        "",
        "-fast",
        "fast-",
        "_fast",
        "fast hash",
        "fast/hash",
        "..",
        "fäst",
        "\N{KELVIN SIGN}elvin",
        "fast\n",
    ],
    "too long": ["a" * 41],
    "begins with a digit": ["3d"],
    "keyword of Python": ["class", "Lambda"],
    "keyword of Cython": ["cdef", "include"],
    "Python's standard library": ["json", "test", "distutils", "profiling"],
    "Python's own sum": ["sum"],
    "Python's own type": ["type"],
    "needs itself": ["numpy", "Cython", "pytest"],
    "installs packages": ["pip"],
    "the project's tools need": ["pluggy", "typing-extensions"],
    "whenever it starts": ["sitecustomize"],
    "a folder of the project": ["src", "tests", "bench"],
    "a folder that a build makes": ["build"],
    "a file of the project": ["setup", "conftest"],
    "device on Windows": ["con", "COM7", "aux.kernels"],
    "the package that you are running": ["nogil-kernels"],
}


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


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for reason in REFUSED for name in REFUSED[reason]])
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
