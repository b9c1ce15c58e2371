"""Sessions for nox: the tests on every supported Python, the pure build, wheels, lint and types.

`nox` runs the sessions whose interpreters are installed, except those with default=False. `nox -s tests-3.14t` runs one
session. Every change has to pass `.ci/run`, which does not need nox.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">= 2024.4.15"
nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

WITH_GIL = ["3.11", "3.12", "3.13", "3.14", "3.15"]
FREE_THREADED = ["3.13t", "3.14t", "3.15t"]


def install(session: nox.Session, extra: str, **variables: str) -> None:
    """Install the project with an extra. If the newest NumPy has no wheel for this Python, install an older one."""
    session.install("--prefer-binary", f".[{extra}]", env=variables)


@nox.session(python=WITH_GIL + FREE_THREADED)
def tests(session: nox.Session) -> None:
    """Run all tests on both backends, and all tests of kernels on every instruction set of this machine."""
    install(session, "test")
    session.run("pytest", *session.posargs)
    if not session.posargs:
        session.run("pytest", "tests/kernels/test_isas.py", env={"NOGIL_KERNELS_TEST": "every"})


@nox.session(python=["3.11", "3.14"])
def pure(session: nox.Session) -> None:
    """Test the pure build, which needs no compiler."""
    install(session, "test", NOGIL_KERNELS_BUILD="pure")
    session.run("pytest", *session.posargs, env={"NOGIL_KERNELS_BACKEND": "pure"})


@nox.session(python=WITH_GIL + FREE_THREADED)
def wheel(session: nox.Session) -> None:
    """Build a wheel from the sdist, and run the sdist's tests on it in a folder without the sources."""
    session.install("build")
    with tempfile.TemporaryDirectory() as folder_name:  # a short path: tests put sockets below it
        dist, unpacked = Path(folder_name, "dist"), Path(folder_name, "unpacked")
        session.run("python", "-m", "build", "--outdir", str(dist), silent=True)
        (sdist,), (wheel_file,) = dist.glob("*.tar.gz"), dist.glob("*.whl")
        session.install("--prefer-binary", f"{wheel_file}[test]")
        with tarfile.open(sdist) as archive:
            members = [member for member in archive if member.name.split("/")[1:2] in (["tests"], ["pyproject.toml"])]
            archive.extractall(unpacked, members, filter="data")
        with session.chdir(next(unpacked.iterdir())):
            session.run("python", "-m", "nogil_kernels", "info")
            session.run("pytest", *session.posargs)


@nox.session(python=WITH_GIL)
def abi3(session: nox.Session) -> None:
    """Run all tests on the abi3 build, which works on every CPython from 3.11 on."""
    install(session, "test", NOGIL_KERNELS_BUILD="abi3")
    session.run("pytest", *session.posargs)


@nox.session(python=WITH_GIL + FREE_THREADED)
def new(session: nox.Session) -> None:
    """Generate every variant of a project. Follow its README, test its wheel, and (in tests/scaffold) add a kernel."""
    install(session, "test")
    session.install("setuptools >= 80", "Cython >= 3.3", "build", "cython-lint", "ruff")
    session.run("pytest", "tests/scaffold", *session.posargs, env={"NOGIL_KERNELS_TEST": "every"})
    for kernel in ("reduction", "elementwise"):
        for simd in ([], ["--simd"]):
            with tempfile.TemporaryDirectory() as folder_name:
                try_new(session, Path(folder_name), ["--kernel", kernel, *simd])


def try_new(session: nox.Session, folder: Path, options: list[str]) -> None:
    """Generate a project and follow its README; then build its wheel, and test it in a folder without the sources."""
    project, dist, tests_only = folder / "fast-hash", folder / "dist", folder / "tests-only"
    session.run("nogil-kernels", "new", "fast-hash", *options, "--into", str(project))
    session.install("--editable", f"{project}[test]")
    with session.chdir(project):
        session.run("pytest")
        session.run("python", "bench/held_vs_released.py")
    session.run("python", "-m", "build", "--outdir", str(dist), str(project), silent=True)
    (wheel_file,) = dist.glob("*.whl")
    session.install("--force-reinstall", "--no-deps", str(wheel_file))
    shutil.copytree(project / "tests", tests_only / "tests")
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(project / file, tests_only)
    with session.chdir(tests_only):
        session.run("pytest")


@nox.session(python="3.13", default=False)
def promises(session: nox.Session) -> None:
    """Seed a fault per promise of the documents, expect that its test fails, and write docs/promises.md."""
    install(session, "test", NOGIL_KERNELS_BUILD="pure")  # the program builds copies of the project
    session.run("python", "tests/proofs/promises.py", *session.posargs)


@nox.session(python="3.13", default=False)
def mutate(session: nox.Session) -> None:
    """Change one token in each of 50 copies of the project, and expect that a test fails in at least 48."""
    install(session, "test", NOGIL_KERNELS_BUILD="pure")
    session.run("python", "-u", "tests/proofs/mutate.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style of Python and Cython files, without building the package."""
    session.install("ruff", "cython-lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("cython-lint", "src")


@nox.session(python="3.13")
def types(session: nox.Session) -> None:
    """Check the types of the Python code, and compare the hand-written stubs with the built modules."""
    session.install("--editable", ".[dev]")  # editable, so that mypy checks the sources instead of an installed copy
    session.run("mypy")
    session.run("python", "-m", "mypy.stubtest", "--mypy-config-file", "pyproject.toml", "nogil_kernels")


@nox.session(python="3.13")
def packaging(session: nox.Session) -> None:
    """Run the gates of a release: sdist, wheels, metadata, workflows."""
    install(session, "packaging", NOGIL_KERNELS_BUILD="pure")
    session.run("pytest", "tests/release", *session.posargs, env={"NOGIL_KERNELS_TEST": "every"})


@nox.session(python="3.11", default=False)
def cross(session: nox.Session) -> None:
    """Run the tests of the kernels on AArch64 under qemu, with Debian 12's Python 3.11."""
    session.install("setuptools >= 80", "Cython >= 3.3", "numpy >= 2.0", "ziglang")
    session.run("python", ".ci/cross.py", *session.posargs)


@nox.session(python=WITH_GIL[-1], default=False)
def fuzz(session: nox.Session) -> None:
    """Test 10 000 random examples of each property of the kernels, on each ISA, or on those named after --.

    An example has a random dtype, shape, layout, content, container and overlap of operands. `pure` is plain
    Python. A failed example is stored, and runs first next time.
    """
    install(session, "test")
    code = "import nogil_kernels; print(*nogil_kernels.build_info()['isas_available'], 'pure')"
    for isa in session.posargs or str(session.run("python", "-c", code, silent=True)).split():
        backend = "pure" if isa == "pure" else "compiled"
        variables = {} if isa == "pure" else {"NOGIL_KERNELS_ISA": isa}
        options = ["--hypothesis-profile", "fuzz", "-k", backend]
        session.run("pytest", "tests/kernels/test_properties.py", *options, env=variables)


@nox.session(python=False, default=False)
def asan(session: nox.Session) -> None:
    """Look for memory accesses beyond a buffer and for undefined behaviour, with GCC's ASan and UBSan.

    The argument after -- is another Python.
    """
    session.run("python", "tests/proofs/sanitizers.py", "asan", *session.posargs)


@nox.session(python=False, default=False)
def tsan(session: nox.Session) -> None:
    """Look for data races with ThreadSanitizer: nox -s tsan -- PYTHON.

    PYTHON is the path of a free-threaded CPython that was configured with --with-thread-sanitizer. The default is the
    value of NOGIL_KERNELS_TSAN_PYTHON.
    """
    python = [*session.posargs, *filter(None, [os.environ.get("NOGIL_KERNELS_TSAN_PYTHON")])][:1]
    if not python:
        session.error("pass the path of a Python: nox -s tsan -- PYTHON. tests/proofs/sanitizers.py says which one")
    session.run("python", "tests/proofs/sanitizers.py", "tsan", *python)


@nox.session(python="3.13", default=False)
def fuzz_c(session: nox.Session) -> None:
    """Look for shapes, strides and offsets with wrong results or accesses to other memory, with libFuzzer.

    nox -s fuzz_c -- SECONDS sets the time of each run. A processor with AVX-512 has 5 runs.
    """
    session.install("setuptools >= 80", "Cython >= 3.3")
    session.run("python", "tests/proofs/fuzz_c.py", *session.posargs)


@nox.session(python=WITH_GIL + FREE_THREADED, default=False)
def concurrency(session: nox.Session) -> None:
    """Run the long versions of the tests of threads, forks, interpreters and interrupts.

    They try more orders of the threads of threads.py, and more rounds of everything else.
    """
    install(session, "test")
    files = [f"tests/kernels/test_{name}.py" for name in ("concurrency", "owned_memory", "schedules", "interpreters")]
    session.run("pytest", *(session.posargs or files), env={"NOGIL_KERNELS_TEST": "every"})


@nox.session(python=FREE_THREADED, default=False)
def parallel(session: nox.Session) -> None:
    """Run each test of the kernels in 4 threads at once, without a GIL. The tests take 2 minutes on two cores."""
    install(session, "test")
    session.install("pytest-run-parallel >= 0.8")
    session.run("pytest", "--parallel-threads=4", "-m", "kernels", *(session.posargs or ["tests/kernels"]))


@nox.session(python="3.13", default=False)
def memory(session: nox.Session) -> None:
    """Run the long versions of the tests of memory, killed commands and full disks.

    No call leaks memory or lets a size wrap around. If an allocation fails, the call raises MemoryError. A command that
    is killed at a random moment leaves no process.
    """
    install(session, "test")
    files = [f"tests/kernels/test_{name}.py" for name in ("growth", "failed_allocations", "sizes", "memory")]
    files += ["tests/cli/test_cli_killed.py", "tests/cli/test_cli_full_disk.py", "tests/bench/test_full_disk.py"]
    session.run("pytest", *(session.posargs or files), env={"NOGIL_KERNELS_TEST": "every"})
