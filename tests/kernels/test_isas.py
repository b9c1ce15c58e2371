"""The tests marked `kernels` once more on every other ISA: it is chosen at import, so each takes a new process."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import environment

import nogil_kernels

INFO = nogil_kernels.build_info()
OTHERS = [isa for isa in INFO["isas_available"] or () if isa != INFO["isa"]]
HERE = Path(__file__).resolve().parent


OPTIONS = ["-m", "kernels", "-k", "compiled", "--maxfail=10", "-p", "no:cacheprovider"]
NONE = pytest.param("none", marks=pytest.mark.skip(reason="no other ISA on this machine, or no compiled kernels"))


@pytest.mark.parametrize("isa", OTHERS or [NONE])
def test_the_kernels_pass_their_tests_on_the_isa(isa):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", HERE, *OPTIONS],
        env=environment(NOGIL_KERNELS_ISA=isa, NOGIL_KERNELS_BACKEND="compiled", PYTHONDONTWRITEBYTECODE="1"),
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"on {isa}:\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert f"isa: {isa};" in done.stdout
    assert "the compiled kernels cannot be imported" not in done.stdout
