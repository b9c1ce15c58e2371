"""No byte beyond the operands is read or written. They end or begin at a page that cannot be accessed."""

import sys
from pathlib import Path

import guarded
import pytest
from support import python_prints

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the test calls mprotect as on Linux"),
]


@pytest.mark.parametrize("calls", ["all_products", "all_sums"])
def test_no_byte_beyond_the_operands_is_accessed(compiled, calls):
    """Access to the next byte kills the process."""
    from nogil_kernels.compiled.isa import chosen

    folders = [str(Path(__file__).parent), str(Path(guarded.__file__).parent)]
    code = f"import sys; sys.path[:0] = {folders}; import guarded; guarded.{calls}()"
    assert python_prints(code, NOGIL_KERNELS_BACKEND="compiled", NOGIL_KERNELS_ISA=chosen).endswith("done")
