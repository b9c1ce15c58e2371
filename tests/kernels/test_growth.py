"""The memory does not grow, however often a public function is called, and whether it returns or raises."""

import json
import os
import sys
from pathlib import Path

import pytest
from support import EVERY_TEST, completed

PROGRAM = str(Path(__file__).parents[1] / "helpers" / "growth.py")
SECONDS = 10 if EVERY_TEST else 0.025  # per kind of call
MAX_BLOCKS = 0.5  # per call: less than one object
MAX_BYTES = 1 << 20  # of a measurement


def test_the_memory_does_not_grow_with_the_number_of_calls(kernels):
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = completed(PROGRAM, kernels.name, str(SECONDS), variables=path, timeout=3600)
    assert done.returncode == 0, done.stderr
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    print(done.stdout)
    assert len(cases) > 70
    assert [case for case in cases if case["blocks"] > MAX_BLOCKS * case["calls"] or case["bytes"] > MAX_BYTES] == []


@pytest.mark.skipif(not EVERY_TEST, reason="takes a minute: set NOGIL_KERNELS_TEST=every")
@pytest.mark.parametrize("function", ["sum_of_squares(numbers)", "matmul(a, a, out=c)", "build_info()"])
def test_a_million_calls_grow_by_less_than_a_megabyte(function):
    code = f"""
import itertools, growth, numpy as np
from nogil_kernels import build_info, matmul, sum_of_squares
numbers, a, c = np.arange(6.0), np.eye(3), np.eye(3)
call = lambda: {function}
for count in (100_000, 1_000_000):
    before = growth.resident_bytes()
    for _ in itertools.repeat(None, count):
        call()
print(growth.resident_bytes() - before)
"""
    done = completed("-c", code, variables={"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=900)
    assert int(done.stdout) < MAX_BYTES, done.stderr
