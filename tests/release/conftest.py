"""What is built once for all gates: an sdist from a copy of the tree, and wheels from that sdist.

The tools are those of the extra `packaging`; a gate whose tool is missing says so and is skipped. Nothing here asks the
network: wheels are built without isolation, by the setuptools and Cython of this environment.
"""

import platform
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from gates import GLIBC, ROOT, run, unpack

BUILT = ("build", "dist", "*.egg-info", "*.so", "*.pyd", "__pycache__", ".git", ".venv", ".nox", ".*_cache")
EPOCH = "1700000000"


def pytest_collection_modifyitems(items):
    """Beside an installed wheel there is nothing that the gates look at."""
    if not (ROOT / ".github").exists():
        absent = pytest.mark.skip(reason="what is released is checked in a checkout, and these tests lie elsewhere")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(absent)


@pytest.fixture(scope="session")
def tool():
    """tool(name, *arguments) runs a program of the extra `packaging`, or skips the test where it is not installed."""

    def start(name, *arguments, **options):
        path = shutil.which(name, path=sysconfig.get_path("scripts"))
        if path is None:
            pytest.skip(f"{name} is not installed: pip install -e '.[packaging]'")
        return run(path, *arguments, **options)

    return start


@pytest.fixture(scope="session")
def build():
    """build(source, directory, *options, **variables): the one file that `python -m build` makes of `source`."""
    for module in ("build.__main__", "setuptools", "Cython"):  # `build` alone may be the folder of built objects
        pytest.importorskip(module, reason=f"{module} is not installed: pip install -e '.[packaging]'")

    def make(source, directory, *options, **variables):
        variables["SOURCE_DATE_EPOCH"] = EPOCH
        run(sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", directory, source, **variables)
        (made,) = directory.iterdir()
        return made

    return make


@pytest.fixture(scope="session")
def sdist(build, tmp_path_factory):
    """The sdist, of a copy of the tree that holds nothing that was built."""
    tree = tmp_path_factory.mktemp("tree") / "nogil_kernels"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*BUILT))
    return build(tree, tmp_path_factory.mktemp("sdist"), "--sdist")


@pytest.fixture(scope="session")
def unpacked(sdist, tmp_path_factory):
    """unpacked(name): the sdist's tree in a new directory of that name."""

    def unpacked_as(name):
        return unpack(sdist, tmp_path_factory.mktemp(name))

    return unpacked_as


@pytest.fixture(scope="session")
def built_tree(unpacked):
    """The tree that `wheel` is built in."""
    return unpacked("here")


@pytest.fixture(scope="session")
def wheel(build, built_tree, tmp_path_factory):
    """The wheel that the sdist becomes with this machine's compiler."""
    return build(built_tree, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="session")
def rebuilt_wheel(build, unpacked, tmp_path_factory):
    """The same once more, from a directory with another name of another length."""
    return build(unpacked("somewhere_else_altogether"), tmp_path_factory.mktemp("rebuilt"), "--wheel")


@pytest.fixture(scope="session")
def twins_wheel(build, unpacked, tmp_path_factory):
    """The wheel of the twins, made with a compiler that always fails."""
    return build(
        unpacked("twins"), tmp_path_factory.mktemp("twins_wheel"), "--wheel", NOGIL_KERNELS_BUILD="pure", CC="false"
    )


@pytest.fixture(scope="session")
def portable_wheel(build, unpacked, tmp_path_factory):
    """The wheel linked by zig against an old glibc: this machine's own compiler knows its own glibc alone."""
    if sys.platform != "linux":
        pytest.skip("manylinux is about Linux")
    pytest.importorskip("ziglang", reason="ziglang is not installed: pip install -e '.[packaging]'")
    compiler = tmp_path_factory.mktemp("zig") / "cc"
    target = f"{platform.machine()}-linux-gnu.{GLIBC}"
    compiler.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc -target {target} "$@"\n')
    compiler.chmod(0o755)
    directory = tmp_path_factory.mktemp("portable_wheel")
    return build(unpacked("zig"), directory, "--wheel", CC=str(compiler), LDSHARED=f"{compiler} -shared")


@pytest.fixture(scope="session", params=["wheel", "portable_wheel", "twins_wheel"])
def each_wheel(request):
    return request.getfixturevalue(request.param)
