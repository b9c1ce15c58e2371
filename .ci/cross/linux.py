"""Linux: every instruction set of this machine, AArch64 under qemu, musl."""

import functools
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from downloads import PYTHON, debian, wheels
from parts import Outcome, passed, run, scratch
from zig import Target, build, copy_of_tree, site_with

ARM_PLATFORMS = ["manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64"]
CORE = ("test_tiles.py", "test_matmul*.py", "test_sum_of_squares*.py", "test_accuracy.py")

# Left out are sums of millions and products of long k, for which loop nests only go round more often: emulated they
# would take half an hour.
QUICK = "compiled and not million and not 1000003 and not joined_exactly and not cut_by_columns"


def core_tests(run_python: Callable[..., str], isas: Iterable[str], tree: Path) -> str:
    """The tests of the kernels on each instruction set, and what pytest says at the end."""
    files = sorted(f"tests/{path.name}" for name in CORE for path in (tree / "tests").glob(name))
    words = ("-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--maxfail=10", "-m", "kernels", "-k", QUICK, *files)
    ran = []
    for isa in isas:
        output = run_python(*words, cwd=tree, NOGIL_KERNELS_BACKEND="compiled", NOGIL_KERNELS_ISA=isa)
        ran.append(f"{isa}: {passed(output)}")
    return "; ".join(ran)


def build_info(run_python: Callable[..., str], tree: Path) -> tuple[str, list[str]]:
    """The compiler and the instruction sets that the kernels themselves name."""
    ask = "from nogil_kernels import build_info as b; print(b()['compiler'], *b()['isas_available'], sep='|')"
    compiler, *isas = run_python("-c", ask, cwd=tree, NOGIL_KERNELS_BACKEND="compiled").strip().split("|")
    return compiler, isas


def aarch64(outcome: Outcome) -> None:
    """The wheel for AArch64, and the tests of the kernels on it under qemu."""
    packages = wheels("aarch64-packages", ARM_PLATFORMS, "numpy", "pytest", "hypothesis")
    system = debian("aarch64-python", "arm64", f"python{PYTHON}", "libstdc++6", dependencies=True)
    headers = debian("aarch64-headers", "arm64", f"libpython{PYTHON}-dev", dependencies=False) / "usr" / "include"
    qemu = debian("qemu-user", machine_architecture(), "qemu-user-static", dependencies=False)
    target = Target(
        "aarch64-linux-gnu.2.28",
        "linux-aarch64",
        f".cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so",
        ("-I", headers / f"python{PYTHON}", "-I", headers),
    )
    tree = copy_of_tree()
    site = site_with(build(target, outcome, tree), packages)
    python = emulated(qemu / "usr/bin/qemu-aarch64-static", system, site)
    outcome.executed = "qemu-user, AArch64"
    # not "portable": on AArch64 it is compiled with the same flags
    outcome.ran = core_tests(functools.partial(run, python), ["neon"], tree)


def emulated(qemu: Path, system: Path, site: Path) -> Path:
    """A script that is Python for whoever starts it by `sys.executable`, as some tests do."""
    python = scratch() / "python3"
    interpreter = system / "usr/bin" / f"python{PYTHON}"
    python.write_text(
        "#!/bin/sh\n"
        f"export PYTHONHOME='{system}/usr' PYTHONPATH='{site}' LD_LIBRARY_PATH=\n"
        f"exec '{qemu}' -L '{system}' -0 '{python}' '{interpreter}' \"$@\"\n"
    )
    python.chmod(0o755)
    return python


def machine_architecture() -> str:
    return run("dpkg", "--print-architecture").strip()


def here(outcome: Outcome) -> None:
    """The tests of the kernels on every instruction set of this machine, as its own compiler builds them."""
    tree = copy_of_tree()
    run(sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", cwd=tree)
    python = functools.partial(run, sys.executable, PYTHONPATH=str(tree / "src"))
    outcome.built_with, isas = build_info(python, tree)
    outcome.linked, outcome.executed = "yes", "this machine"
    outcome.ran = core_tests(python, isas, tree)


def musl(outcome: Outcome) -> None:
    """The wheel for musl. No Python that is linked with musl is to be had from a registry."""
    suffix = f".cpython-{PYTHON.replace('.', '')}-x86_64-linux-musl.so"
    build(Target("x86_64-linux-musl", "linux-x86_64", suffix), outcome, copy_of_tree())
