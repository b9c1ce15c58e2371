"""Allocations that fail: each call raises MemoryError or gives the right result. It changes and leaks nothing."""

import os
import sys
from pathlib import Path

import pytest
from support import EVERY_TEST, FREE_THREADED_BUILD, completed

PROGRAM = str(Path(__file__).parents[1] / "helpers" / "failed_allocations.py")
MOST_IMPORTANT = [
    *["array", "array, released", "strided array", "integers of 128 bits", "chunks", "range of chunks", "memoryview"],
    *["axis", "__array__", "list", "masked array", "date"],
    *["product", "product of stacks", "large product", "out", "out, large", "out, memoryview"],
]

pytest.importorskip("_testcapi", reason="this Python has no _testcapi, which makes allocations fail")
pytestmark = pytest.mark.skipif(
    FREE_THREADED_BUILD, reason="free-threaded builds do not allow other allocators, so none can fail"
)


def run(kernels, *names):
    done = completed(PROGRAM, kernels.name, *names, variables={"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=900)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout.count(" sites\n")


def test_a_failed_allocation_is_a_memory_error_and_changes_nothing(kernels):
    assert run(kernels, *MOST_IMPORTANT) == len(MOST_IMPORTANT)


@pytest.mark.skipif(not EVERY_TEST, reason="takes minutes: set NOGIL_KERNELS_TEST=every")
@pytest.mark.parametrize("group", ["sums", "products"])
def test_a_failed_allocation_on_any_path_is_a_memory_error_and_changes_nothing(group, kernels):
    assert run(kernels, group) > 25


@pytest.mark.skipif(not EVERY_TEST, reason="takes a minute: set NOGIL_KERNELS_TEST=every")
def test_a_failed_allocation_of_several_threads_is_a_memory_error_and_changes_no_operand(compiled):
    assert run(compiled, "shared") == 5
