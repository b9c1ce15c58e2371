"""Each fault and edit of the sanitizers' programs can be made in the code."""

from pathlib import Path

import fuzz_c
import pytest
import sanitizers

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "setup.py").exists(), reason="needs a checkout")
DETECTORS = [*sanitizers.ASAN.detectors, *sanitizers.TSAN.detectors, *fuzz_c.DETECTORS]
FAULTS = [*(detector.fault for detector in DETECTORS), *fuzz_c.UNUSED, *fuzz_c.USED.values()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.old)
def test_a_fault_or_edit_can_be_made(fault):
    text = (ROOT / fault.file).read_text(encoding="utf-8")
    assert fault.applied_to(text) != text
