"""Build the wheel for AArch64 with zig, and run the tests of the kernels on it under qemu: `nox -s cross`.

This needs Debian on x86-64 and a Python of Debian's version, but not root: packages are not installed, but unpacked
into CACHE. The tests say nothing about speed, nor about the memory order of a real processor.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "nogil-kernels", "cross")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NUMPY_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_17_aarch64")

NOT_COPIED = (".git", ".nox", ".venv", "build", "*.so", "*.egg-info", "__pycache__")

# Sums of millions and products with a long k run no additional code, but would take half an hour in the emulator.
# test_longest_hold.py measures time, which the emulator distorts.
SKIPPED = ("million", "1000003", "joined_exactly", "cut_by_columns", "longest_hold")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nogil-kernels-cross-") as name:
        scratch = Path(name)
        system = CACHE / f"python{PYTHON}"
        if not system.exists():
            unpack_debian(system)
        site = scratch / "site-packages"
        install(site, NUMPY_PLATFORMS, "numpy", "pytest", "hypothesis")
        tree = scratch / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*NOT_COPIED))
        install(site, ("linux_aarch64",), "--no-deps", "--no-index", build_wheel(tree, system, site))
        test(emulated_python(scratch / "python3", system, site), tree)


def run(*command: object, cwd: Path = ROOT, **variables: str) -> None:
    subprocess.run([str(word) for word in command], cwd=cwd, env={**os.environ, **variables}, check=True)


def unpack_debian(system: Path) -> None:
    """Unpack Debian's Python for AArch64, its headers and qemu. `system` is created as the last step."""
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        (state / "status").touch()  # no package counts as installed, so apt downloads every dependency
        for folder in ("lists/partial", "archives/partial"):
            (state / folder).mkdir(parents=True)
        settings = {
            "Dir::State": state,
            "Dir::State::status": state / "status",
            "Dir::Cache": state,
            "APT::Sandbox::User": "root",
            "APT::Architecture": "arm64",
            "APT::Architectures": "arm64,amd64",
        }
        apt = ["apt-get", "--quiet", *(f"--option={name}={value}" for name, value in settings.items())]
        run(*apt, "update", "--error-on=any")
        run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", f"python{PYTHON}", "libstdc++6")
        # These need no dependencies: zig has the headers of the C library, and qemu is linked statically.
        run(*apt, "download", f"libpython{PYTHON}-dev", "qemu-user-static:amd64", cwd=state / "archives")
        unfinished = system.with_name(f"{system.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for package in (state / "archives").glob("*.deb"):
            run("dpkg-deb", "-x", package, unfinished)
    unfinished.rename(system)


def install(site: Path, platforms: tuple[str, ...], *words: object) -> None:
    """Install wheels for the target platforms by pip."""
    target = ("--target", site, "--upgrade", "--python-version", PYTHON, *(f"--platform={name}" for name in platforms))
    run(sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", *target, *words)


def build_wheel(tree: Path, system: Path, site: Path) -> Path:
    """Build the wheel by the unchanged setup.py, with zig as the compiler and the headers of the target."""
    zig = f"'{sys.executable}' -m ziglang cc -target aarch64-linux-gnu.2.28"
    headers = system / "usr" / "include"
    folders = (headers / f"python{PYTHON}", headers, site / "numpy" / "_core" / "include")
    run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-cache-dir"),
        *("--wheel-dir", tree / "dist", tree),
        _PYTHON_HOST_PLATFORM="linux-aarch64",
        SETUPTOOLS_EXT_SUFFIX=f".cpython-{PYTHON.replace('.', '')}-aarch64-linux-gnu.so",
        CC=" ".join([zig, *(f"-I'{folder}'" for folder in folders)]),
        LDSHARED=f"{zig} -shared",
    )
    (wheel,) = (tree / "dist").glob("*_aarch64.whl")
    return wheel


def emulated_python(script: Path, system: Path, site: Path) -> Path:
    """Write a script that runs Python under qemu. It is also `sys.executable` in the tests.

    The emulated processor has no SVE. With SVE, NumPy's matmul of float32 warns of a division by zero.
    """
    programs = system / "usr" / "bin"
    script.write_text(
        "#!/bin/sh\n"
        f"export PYTHONHOME='{system}/usr' PYTHONPATH='{site}' LD_LIBRARY_PATH= QEMU_CPU=cortex-a72\n"
        f"exec '{programs}/qemu-aarch64-static' -L '{system}' -0 '{script}' '{programs}/python{PYTHON}' \"$@\"\n"
    )
    script.chmod(0o755)
    return script


def test(python: Path, tree: Path) -> None:
    """Run the tests marked `kernels` with NEON. On AArch64 the portable tiles are compiled with the same flags."""
    modules = sorted(tree.glob("tests/**/test_*.py"))
    files = [path.relative_to(tree) for path in modules if "pytest.mark.kernels" in path.read_text()]
    chosen = ("-m", "kernels", "-k", " and not ".join(["compiled", *SKIPPED]), *sys.argv[1:])
    pytest = (python, "-m", "pytest", "-p", "no:cacheprovider", "--maxfail=10", *chosen, *files)
    run(*pytest, cwd=tree, NOGIL_KERNELS_BACKEND="compiled", NOGIL_KERNELS_ISA="neon")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
