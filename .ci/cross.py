"""Build the wheel for AArch64 with zig and run the tests of the kernels on it under qemu: `nox -s cross`.

Needs Debian on x86-64 and a Python of the version that Debian has. Root is not needed: Debian's packages are unpacked
below CACHE and not installed. Emulation proves neither speed nor memory order.
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

BUILT = (".git", ".nox", ".venv", "build", "*.so", "*.egg-info", "__pycache__")  # what is not copied

# Sums of millions and products of long k only repeat the loop nests; emulated they would take half an hour.
# test_longest_hold.py measures time, which emulation distorts.
LONG = ("million", "1000003", "joined_exactly", "cut_by_columns", "longest_hold")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="nogil-kernels-cross-") as name:
        scratch = Path(name)
        system = CACHE / f"python{PYTHON}"
        if not system.exists():
            unpack_debian(system)
        site = scratch / "site-packages"
        install(site, NUMPY_PLATFORMS, "numpy", "pytest", "hypothesis")
        tree = scratch / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*BUILT))
        install(site, ("linux_aarch64",), "--no-deps", "--no-index", build_wheel(tree, system, site))
        test(emulated_python(scratch / "python3", system, site), tree)


def run(*command: object, cwd: Path = ROOT, **variables: str) -> None:
    subprocess.run([str(word) for word in command], cwd=cwd, env={**os.environ, **variables}, check=True)


def unpack_debian(system: Path) -> None:
    """Unpack Debian's Python for AArch64, its headers and qemu; `system` exists only once it is complete."""
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        (state / "status").touch()  # no package is installed, so apt takes every dependency
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
        # Without their dependencies: zig has the headers of the C library, and qemu is linked statically.
        run(*apt, "download", f"libpython{PYTHON}-dev", "qemu-user-static:amd64", cwd=state / "archives")
        unfinished = system.with_name(f"{system.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for package in (state / "archives").glob("*.deb"):
            run("dpkg-deb", "-x", package, unfinished)
    unfinished.rename(system)


def install(site: Path, platforms: tuple[str, ...], *words: object) -> None:
    """Have pip install wheels for other platforms than this one."""
    target = ("--target", site, "--upgrade", "--python-version", PYTHON, *(f"--platform={name}" for name in platforms))
    run(sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", *target, *words)


def build_wheel(tree: Path, system: Path, site: Path) -> Path:
    """Build the wheel by setup.py as it is, with zig as the compiler and the target's own headers."""
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
    """Write a script that runs Python under qemu; tests that start `sys.executable` start the script again.

    The processor has no SVE: on one that has it, NumPy's own matmul of float32 warns of a division by zero.
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
    """Run the tests marked `kernels` with NEON. The portable tiles are compiled with the same flags there."""
    modules = sorted(tree.glob("tests/**/test_*.py"))
    files = [path.relative_to(tree) for path in modules if "pytest.mark.kernels" in path.read_text()]
    chosen = ("-m", "kernels", "-k", " and not ".join(["compiled", *LONG]), *sys.argv[1:])
    pytest = (python, "-m", "pytest", "-p", "no:cacheprovider", "--maxfail=10", *chosen, *files)
    run(*pytest, cwd=tree, NOGIL_KERNELS_BACKEND="compiled", NOGIL_KERNELS_ISA="neon")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
