"""Sessions for nox: the tests on every supported Python, the pure build, lint and types.

`nox` runs them on the interpreters that this machine has; `nox -s tests-3.14t` runs one. `.ci/run` is what has to pass.
"""

import shutil
import tarfile
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">= 2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

GIL = ["3.11", "3.12", "3.13", "3.14", "3.15"]
FREE_THREADED = ["3.13t", "3.14t", "3.15t"]


def install(session: nox.Session, extra: str, **variables: str) -> None:
    """Build the project for this session's Python.

    --prefer-binary: where NumPy's newest release has no wheel for a Python, an older one with a wheel will do.
    """
    session.install("--prefer-binary", f".[{extra}]", env=variables)


@nox.session(python=GIL + FREE_THREADED)
def tests(session: nox.Session) -> None:
    """Every test, on the compiled and on the pure backend and on every ISA of this machine."""
    install(session, "test")
    session.run("pytest", *session.posargs)


@nox.session(python=["3.11", "3.14"])
def pure(session: nox.Session) -> None:
    """The build without a compiler, and what the tests say of it."""
    install(session, "test", NOGIL_KERNELS_BUILD="pure")
    session.run("pytest", *session.posargs, env={"NOGIL_KERNELS_BACKEND": "pure"})


@nox.session(python=GIL + FREE_THREADED)
def wheel(session: nox.Session) -> None:
    """A wheel built from the sdist, and the sdist's tests in a folder where nothing else lies."""
    session.install("build")
    with tempfile.TemporaryDirectory() as name:  # short: the paths of processes' sockets have room for 100 characters
        dist, away = Path(name, "dist"), Path(name, "away")
        session.run("python", "-m", "build", "--outdir", str(dist), silent=True)
        (sdist,), (built,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
        session.install("--prefer-binary", f"{built}[test]")
        with tarfile.open(sdist) as archive:
            wanted = [member for member in archive if member.name.split("/")[1:2] in (["tests"], ["pyproject.toml"])]
            archive.extractall(away, wanted, filter="data")
        with session.chdir(next(away.iterdir())):
            session.run("python", "-m", "nogil_kernels", "info")
            session.run("pytest", *session.posargs)


@nox.session(python=GIL)
def abi3(session: nox.Session) -> None:
    """The suite on the one build for every CPython from 3.11 on, which this session's Python makes."""
    install(session, "test", NOGIL_KERNELS_BUILD="abi3")
    session.run("pytest", *session.posargs)


@nox.session(python=GIL + FREE_THREADED)
def new(session: nox.Session) -> None:
    """Every kind of project that `new` makes: as its README says, from its sdist, and with a second kernel."""
    install(session, "test")
    session.install("setuptools >= 80", "Cython >= 3.3", "build", "cython-lint", "ruff")
    session.run("pytest", "tests/scaffold", *session.posargs, env={"NOGIL_KERNELS_TEST": "every"})
    for kernel in ("reduction", "elementwise"):
        for simd in ([], ["--simd"]):
            with tempfile.TemporaryDirectory() as name:
                try_new(session, Path(name), ["--kernel", kernel, *simd])


def try_new(session: nox.Session, folder: Path, options: list[str]) -> None:
    """Make a project and follow its README; then a wheel of its sdist, and the tests where nothing else lies."""
    project, dist, away = folder / "fast-hash", folder / "dist", folder / "away"
    session.run("nogil-kernels", "new", "fast-hash", *options, "--into", str(project))
    session.install("--editable", f"{project}[test]")
    with session.chdir(project):
        session.run("pytest")
        session.run("python", "bench/held_vs_released.py")
    session.run("python", "-m", "build", "--outdir", str(dist), str(project), silent=True)
    (built,) = dist.glob("*.whl")
    session.install("--force-reinstall", "--no-deps", str(built))
    shutil.copytree(project / "tests", away / "tests")
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(project / file, away)
    with session.chdir(away):
        session.run("pytest")


@nox.session
def lint(session: nox.Session) -> None:
    """Style of Python and Cython. Needs no build."""
    session.install("ruff", "cython-lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("cython-lint", "src")


@nox.session(python="3.13")
def types(session: nox.Session) -> None:
    """Types of the Python code, and the hand-written stubs against the modules that were built."""
    session.install("--editable", ".[dev]")  # with its tree at hand, mypy checks the sources and not the installed copy
    session.run("mypy")
    session.run("python", "-m", "mypy.stubtest", "--mypy-config-file", "pyproject.toml", "nogil_kernels")


@nox.session(python="3.13")
def packaging(session: nox.Session) -> None:
    """The gates of a release: sdist and wheels, metadata, workflows. Needs no build of its own."""
    install(session, "packaging", NOGIL_KERNELS_BUILD="pure")
    session.run("pytest", "tests/release", *session.posargs)


@nox.session(python="3.11", default=False)
def cross(session: nox.Session) -> None:
    """The kernels' tests on AArch64, under qemu. 3.11 is the version of Debian 12, whose AArch64 build runs them."""
    session.install("setuptools >= 80", "Cython >= 3.3", "numpy >= 2.0", "ziglang")
    session.run("python", ".ci/cross.py", *session.posargs)
