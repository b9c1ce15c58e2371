"""Run the tests marked `kernels` on every other ISA, each in a new process: the import chooses the ISA."""

from pathlib import Path

import pytest
from support import completed

import nogil_kernels

INFO = nogil_kernels.build_info()
OTHERS = [isa for isa in INFO["isas_available"] or () if isa != INFO["isa"]]
HERE = Path(__file__).resolve().parent
OPTIONS = ["-m", "kernels", "-k", "compiled", "--maxfail=10", "-p", "no:cacheprovider"]
NONE = pytest.param("none", marks=pytest.mark.skip(reason="no other ISA on this machine, or no compiled kernels"))


@pytest.mark.parametrize("isa", OTHERS or [NONE])
def test_kernels_pass_their_tests_on_every_other_isa(isa):
    variables = {"NOGIL_KERNELS_ISA": isa, "NOGIL_KERNELS_BACKEND": "compiled", "PYTHONDONTWRITEBYTECODE": "1"}
    process = completed("-m", "pytest", HERE, *OPTIONS, variables=variables, timeout=600, cwd=HERE.parent)
    assert process.returncode == 0, f"on {isa}:\n{process.stdout[-6000:]}\n{process.stderr[-2000:]}"
    assert f"isa: {isa};" in process.stdout
    assert "the compiled kernels cannot be imported" not in process.stdout
