"""NumPy's own tests of numpy.matmul, run on this package's matmul."""

import warnings

import numpy as np
import pytest

if int(np.__version__.partition(".")[0]) < 2:
    pytest.skip("NumPy's tests of matmul are in another module before NumPy 2", allow_module_level=True)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # NumPy's tests use markers that only NumPy's configuration of pytest has
    numpys_tests = pytest.importorskip(
        "numpy._core.tests.test_multiarray", reason="this NumPy was installed without its tests", exc_type=ImportError
    )


class NumpyWithMatmul:
    """The module numpy with another matmul, because some of the tests call np.matmul."""

    def __init__(self, matmul):
        self.matmul = matmul

    def __getattr__(self, name):
        return getattr(np, name)


class TestMatmul(numpys_tests.TestMatmul):
    @pytest.fixture(autouse=True)
    def replace_matmul(self, kernels, monkeypatch):
        self.matmul = kernels.matmul
        monkeypatch.setattr(numpys_tests, "np", NumpyWithMatmul(kernels.matmul))
