"""Fixtures of the gates: an sdist from a copy of the tree, wheels from that sdist, and the tools that check them.

The extra `packaging` has the tools. A gate is skipped if its tool is missing. Nothing here needs the network, because
the setuptools and Cython of this environment build the wheels, without isolation.
"""

import platform
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from gates import GLIBC, ROOT, run, unpack
from support import EVERY_TEST

NOT_COPIED = ("build", "dist", "*.egg-info", "*.so", "*.pyd", "__pycache__", ".git", ".venv", ".nox", ".*_cache")
EPOCH = "1700000000"


def pytest_collection_modifyitems(items):
    """Skip the gates outside of a checkout, where the files that they check are missing."""
    if not (ROOT / ".github").exists():
        skip = pytest.mark.skip(reason="the gates of a release check a checkout, but these tests are not in one")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def tool():
    """Return a function that runs a program of the extra `packaging`, and skips the test if it is not installed."""

    def start(name, *arguments, **options):
        path = shutil.which(name, path=sysconfig.get_path("scripts"))
        if path is None:
            pytest.skip(f"{name} is not installed: pip install -e '.[packaging]'")
        return run(path, *arguments, **options)

    return start


@pytest.fixture(scope="session")
def build():
    """Return a function that runs `python -m build` on a source tree, and returns the file that it writes."""
    for module in ("build.__main__", "setuptools", "Cython"):  # `build` could be the folder build/ of the tree
        pytest.importorskip(module, reason=f"{module} is not installed: pip install -e '.[packaging]'")

    def make(source, directory, *options, **variables):
        variables["SOURCE_DATE_EPOCH"] = EPOCH
        run(sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", directory, source, **variables)
        (file,) = directory.iterdir()
        return file

    return make


@pytest.fixture(scope="session")
def sdist(build, tmp_path_factory):
    """The sdist of a copy of the tree without built files."""
    tree = tmp_path_factory.mktemp("tree") / "nogil_kernels"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return build(tree, tmp_path_factory.mktemp("sdist"), "--sdist")


@pytest.fixture(scope="session")
def unpacked(sdist, tmp_path_factory):
    """Return a function that unpacks the sdist in a new directory with a given name."""

    def unpacked_as(name):
        return unpack(sdist, tmp_path_factory.mktemp(name))

    return unpacked_as


@pytest.fixture(scope="session")
def built_tree(unpacked):
    """The unpacked sdist in which `wheel` is built."""
    return unpacked("sources")


@pytest.fixture(scope="session")
def wheel(build, built_tree, tmp_path_factory):
    """The wheel built by this machine's compiler."""
    return build(built_tree, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="session")
def pure_wheel(build, unpacked, tmp_path_factory):
    """The pure-Python wheel, built with a compiler that always fails."""
    return build(
        unpacked("pure"), tmp_path_factory.mktemp("pure_wheel"), "--wheel", NOGIL_KERNELS_BUILD="pure", CC="false"
    )


@pytest.fixture(scope="session")
def portable_wheel(build, unpacked, tmp_path_factory):
    """The wheel linked by zig with an old glibc. This machine's compiler can link only with its own glibc."""
    if sys.platform != "linux":
        pytest.skip("manylinux wheels exist on Linux only")
    if not EVERY_TEST:
        pytest.skip("zig takes twice as long as this machine's compiler: set NOGIL_KERNELS_TEST=every")
    pytest.importorskip("ziglang", reason="ziglang is not installed: pip install -e '.[packaging]'")
    compiler = tmp_path_factory.mktemp("zig") / "cc"
    target = f"{platform.machine()}-linux-gnu.{GLIBC}"
    compiler.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ziglang cc -target {target} "$@"\n')
    compiler.chmod(0o755)
    directory = tmp_path_factory.mktemp("portable_wheel")
    return build(unpacked("zig"), directory, "--wheel", CC=str(compiler), LDSHARED=f"{compiler} -shared")


@pytest.fixture(scope="session", params=["wheel", "portable_wheel", "pure_wheel"])
def each_wheel(request):
    return request.getfixturevalue(request.param)
