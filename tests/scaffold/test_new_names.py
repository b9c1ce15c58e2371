"""Names: the import name that `new` derives, and the names that it refuses without writing anything."""

import builtins
import keyword
import sys
from importlib.machinery import PathFinder

import pytest

from nogil_kernels.scaffold import names, template

RESERVED = template.reserved_names(template.load())

# A case-insensitive regular expression takes the Kelvin sign for a k. Older supported Pythons have distutils.
REFUSED = {
    "a name must consist of ASCII letters and digits": [
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
    "at most 40 characters, got 41": ["a" * 41],
    "starts with a digit": ["3d"],
    "keyword of Python": ["class", "Lambda"],
    "keyword of Cython": ["cdef", "include"],
    "Python's standard library": ["json", "test", "distutils", "profiling"],
    "Python's builtin sum": ["sum"],
    "Python's builtin type": ["type"],
    "a dependency of the project": ["numpy", "Cython", "pytest"],
    "a module of an installer or of Cython": ["pip"],
    "a dependency of the project's tools": ["pluggy", "typing-extensions"],
    "when it starts": ["sitecustomize"],
    "a folder of the project": ["src", "tests", "bench"],
    "a folder that a build creates": ["build"],
    "a file of the project": ["setup", "conftest"],
    "device on Windows": ["con", "COM7", "aux.kernels"],
    "the package that runs this command": ["nogil-kernels"],
}


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("fast-hash", "fast_hash"),
        ("Fast.Hash", "fast_hash"),
        ("fast__-.hash", "fast_hash"),
        ("x", "x"),
        ("x86", "x86"),
        ("match", "match"),  # soft keywords can be imported
        ("case", "case"),
        ("numpy-kernels", "numpy_kernels"),
        ("a" * 40, "a" * 40),
    ],
)
def test_an_import_name_is_derived(name, module):
    assert names.why_invalid(name, RESERVED) == ""
    assert names.import_name(name) == module


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for reason in REFUSED for name in REFUSED[reason]])
def test_a_name_is_refused_in_one_line(new, here, name, reason):
    result = new("--", name)
    assert (result.status, result.out, result.err.count("\n")) == (2, b"", 1)
    assert reason in result.err
    assert not list(here.iterdir())


def test_names_of_pythons_modules_keywords_and_builtins_are_refused():
    names_of_python = {*sys.stdlib_module_names, *keyword.kwlist, *dir(builtins)}
    lower = {name for name in names_of_python if name == name.lower() and names.DISTRIBUTION.fullmatch(name)}
    assert len(lower) > 250
    assert [name for name in lower if not names.why_invalid(name, RESERVED)] == []


def test_names_of_a_projects_test_modules_are_refused():
    modules = {path.split("/")[-1].removesuffix(".py") for path in template.load() if "/tests/" in path}
    assert "conftest" in modules
    valid = [name for name in modules if names.DISTRIBUTION.fullmatch(name)]
    assert [name for name in valid if not names.why_invalid(name, RESERVED)] == []


@pytest.mark.parametrize("name", ["match", "case", "double", "void", "extern", "public"])
def test_keywords_of_c_and_soft_keywords_are_valid_names(new, here, name):
    assert new(name).status == 0
    spec = PathFinder.find_spec(name, [str(here / name / "src")])
    assert spec is not None
    assert spec.submodule_search_locations
