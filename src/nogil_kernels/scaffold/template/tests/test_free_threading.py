"""Free threading: importing leaves the GIL off, and concurrent calls give the same results."""

import os
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor

import pytest
from calls import medium_call


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python always has a GIL")
def test_importing_keeps_the_gil_off():
    code = "import sys, your_kernels.kernels; print(sys._is_gil_enabled())"
    env = {name: value for name, value in os.environ.items() if name != "PYTHON_GIL"}
    output = subprocess.check_output([sys.executable, "-W", "error", "-c", code], env=env, text=True)
    assert output.strip() == "False"


def test_concurrent_calls_give_the_same_results(kernels):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: medium_call(kernels, "release"), range(40)))
    assert results == [medium_call(kernels)] * 40
