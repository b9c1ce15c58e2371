"""Run the tests marked `kernels` on every other ISA, each in a new process: the import chooses the ISA."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import EVERY_TEST, completed

import nogil_kernels

INFO = nogil_kernels.build_info()
OTHERS = [isa for isa in INFO["isas_available"] or () if isa != INFO["isa"]]
HERE = Path(__file__).resolve().parent
# Only these depend on the C files that are compiled per ISA: all dtypes, lengths, edges of tiles, and special
# values. The other marked tests are about layouts, shapes and arguments, which are read by code that is compiled once.
DEPEND_ON_THE_ISA = [f"test_{name}.py" for name in ("tiles", "guard_pages", "properties", "special_values")]
FILES = [HERE] if EVERY_TEST else [HERE / name for name in DEPEND_ON_THE_ISA]
OPTIONS = ["-m", "kernels", "-k", "compiled", "--maxfail=10", "-p", "no:cacheprovider"]
NONE = pytest.param("none", marks=pytest.mark.skip(reason="no other ISA on this machine, or no compiled kernels"))


@pytest.fixture(scope="module")
def started():
    """Yield the processes that test each ISA. They run at the same time, because these tests measure no time."""

    def start(isa):
        variables = {"NOGIL_KERNELS_ISA": isa, "NOGIL_KERNELS_BACKEND": "compiled", "PYTHONDONTWRITEBYTECODE": "1"}
        return completed("-m", "pytest", *FILES, *OPTIONS, variables=variables, timeout=600, cwd=HERE.parent)

    with ThreadPoolExecutor(max(1, len(OTHERS))) as pool:
        yield {isa: pool.submit(start, isa) for isa in OTHERS}


@pytest.mark.parametrize("isa", OTHERS or [NONE])
def test_kernels_pass_their_tests_on_every_other_isa(isa, started):
    process = started[isa].result()
    assert process.returncode == 0, f"on {isa}:\n{process.stdout[-6000:]}\n{process.stderr[-2000:]}"
    assert f"isa: {isa};" in process.stdout
    assert "the compiled kernels cannot be imported" not in process.stdout
