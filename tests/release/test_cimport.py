"""Other Cython packages can cimport the kernels from an installed wheel."""

import sys
import sysconfig

import pytest
from gates import ROOT, members, run

PYX = """
from nogil_kernels cimport matmul_f64, sum_of_squares_f64
from nogil_kernels.compiled.matmul cimport matmul_f64 as same_matmul  # the folder of a kernel has the names too
from nogil_kernels.compiled.sum_of_squares cimport sum_of_squares_f64 as same_sum

assert matmul_f64 == same_matmul and sum_of_squares_f64 == same_sum


def squares(const double[::1] x):
    with nogil:
        total = sum_of_squares_f64(&x[0], x.shape[0])
    return total


def product(const double[:, :] a, const double[:, :] b, double[:, :] c):
    cdef int failed
    with nogil:
        failed = matmul_f64(c.shape[0], c.shape[1], a.shape[1], &a[0, 0], a.strides[0], a.strides[1],
                            &b[0, 0], b.strides[0], b.strides[1], &c[0, 0], c.strides[0], c.strides[1])
    return failed
"""

SETUP = """
from Cython.Build import cythonize
from setuptools import setup
setup(name="dependent", ext_modules=cythonize("dependent.pyx", language_level=3))
"""

USE = """
import threading
from array import array
import dependent, nogil_kernels

def doubles(rows, columns, step):
    numbers = array("d", [(i * step) % 17 - 8 for i in range(rows * columns)])
    return memoryview(numbers).cast("B").cast("d", (rows, columns))

for n in (1, 8, 31, 123_904, 1_000_003):
    for scale in (1.0, 1e-162):
        x = array("d", [(i * 0.7) % 3 * scale for i in range(n)])
        assert dependent.squares(x) == nogil_kernels.sum_of_squares(x), (n, scale)
for m, n, k in ((1, 1, 1), (4, 4, 4), (5, 1, 300), (1, 7, 20), (31, 33, 600), (300, 300, 200)):
    a, b, ours, theirs = doubles(m, k, 7), doubles(k, n, 5), doubles(m, n, 1), doubles(m, n, 2)
    assert dependent.product(a, b, ours) == 0
    assert nogil_kernels.matmul(a, b, out=theirs) is theirs
    assert ours.tobytes() == theirs.tobytes(), (m, n, k)
print(dependent.__file__, nogil_kernels.build_info()["backend"])
"""

KERNELS = ("matmul", "sum_of_squares")


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder in which only the wheel is installed."""
    site = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", site, wheel)
    return site


def test_a_wheel_has_only_the_declarations_that_others_cimport(wheel):
    content = members(wheel)
    declarations = {name for name in content if name.endswith((".pxd", ".h", ".pxi"))}
    declarations = {name for name in declarations if "/scaffold/" not in name}  # the template of `new`
    text = "".join(content[name].decode() for name in declarations)
    kernels = {f"compiled/{name}/{file}" for name in KERNELS for file in ("__init__.pxd", f"{name}.pxd")}
    assert declarations == {f"nogil_kernels/{path}" for path in ("__init__.pxd", *kernels)}
    assert 'cdef extern from "' not in text, "this declaration needs a header, but the wheel has none"


def test_a_dependent_package_builds_with_the_installed_wheel_and_runs(site, tmp_path):
    (tmp_path / "dependent.pyx").write_text(PYX)
    (tmp_path / "setup.py").write_text(SETUP)
    run(sys.executable, "setup.py", "-q", "build_ext", "--inplace", cwd=tmp_path, PYTHONPATH=str(site))
    printed = run(sys.executable, "-W", "error", "-c", USE, cwd=tmp_path, PYTHONPATH=str(site))
    assert printed.split() == [str(tmp_path / f"dependent{sysconfig.get_config_var('EXT_SUFFIX')}"), "compiled"]
    assert not (ROOT / "dependent.pyx").exists()


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_folder_of_a_kernel_has_the_c_functions_for_numba_and_scipy(kernel):
    module = pytest.importorskip(f"nogil_kernels.compiled.{kernel}", reason="the compiled kernels are not built")
    assert f"{kernel}_f64" in module.__pyx_capi__
