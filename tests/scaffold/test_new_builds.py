"""Projects that `new` made are built, and pass their own tests: one of each kernel, and one with SIMD.

All of them, on every Python, in environments of their own as the README says: `nox -s new`.
"""

import os
import re
import subprocess
import sys
import sysconfig

import pytest

KINDS = [("reduction", False), ("elementwise", False), ("gemm", False), ("reduction", True)]


def run(folder, *arguments):
    """What Python prints in `folder`, whose `src` is the first place where it looks; it has to end well."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NOGIL_KERNELS_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**ours, "PYTHONPATH": str(folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(kernel, simd): a project of that kind, built where it lies, once."""
    for module in ("setuptools", "Cython"):
        pytest.importorskip(module, reason=f"{module} is not installed: pip install 'setuptools >= 80' 'Cython >= 3.3'")
    made = {}

    def build(kernel, simd):
        if (kernel, simd) not in made:
            folder = made[kernel, simd] = tmp_path_factory.mktemp("built") / "fast-hash"
            options = ["--kernel", kernel, *(["--simd"] if simd else []), "--into", folder]
            command = [sys.executable, "-m", "nogil_kernels", "new", "fast-hash", *options]
            subprocess.run(command, check=True, capture_output=True)
            run(folder, "setup.py", "-q", "build_ext", "--inplace")
        return made[kernel, simd]

    return build


@pytest.mark.parametrize(("kernel", "simd"), KINDS)
def test_a_project_passes_its_own_tests(built, kernel, simd):
    said = run(built(kernel, simd), "-m", "pytest", "-p", "no:cacheprovider")
    assert int(re.search(r"(\d+) passed", said)[1]) > 20
    assert "failed" not in said


@pytest.mark.parametrize(("kernel", "simd"), KINDS)
def test_its_modules_are_compiled_where_they_lie(built, kernel, simd):
    modules = list((built(kernel, simd) / "src/fast_hash").glob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"))
    assert len(modules) == 1 + simd  # and the one that chooses the instruction set


@pytest.mark.parametrize(("kernel", "simd"), KINDS)
def test_its_benchmark_shows_three_ways(built, kernel, simd):
    said = run(built(kernel, simd), "bench/held_vs_released.py")
    assert re.findall(r"^(pure Python|GIL held|GIL released) .*\d+\.\d\dx$", said, re.MULTILINE) == [
        "pure Python",
        "GIL held",
        "GIL released",
    ]


@pytest.mark.parametrize("kernel", ["reduction", "elementwise", "gemm"])
def test_it_needs_nothing_of_this_package(built, kernel):
    """Imported where this package cannot be, its modules come from its own folder and from Python's."""
    blocked = "import sys; sys.modules['nogil_kernels'] = sys.modules['numpy'] = None; import fast_hash; "
    said = run(built(kernel, False), "-c", blocked + "print(fast_hash.__file__)")
    assert "fast-hash" in said
