"""A type checker accepts the operands that the functions accept, and rejects others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nogil_kernels

ACCEPTED = """
import array
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import numpy as np
from nogil_kernels import matmul, sum_of_squares

x = np.eye(2)
c = np.zeros((2, 2))

class Frame:
    def __array__(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]": ...

class Length:
    def __mul__(self, other: "Length") -> "Length": ...

def chunks() -> "Iterator[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]": ...

matmul(x, x)
matmul(x, x, c)
matmul(x, x, out=c, threads=2, gil="hold")
matmul(memoryview(b"ab"), array.array("d", [1.0]))
matmul([[1, 2.5], [3, 4j]], ((1, 2), (3, 4)))
matmul([1, 2], range(2))
matmul([[[[1.5]]]], [x, x])
matmul([[Fraction(1)]], [[Decimal(1)]])
matmul(Frame(), [Frame()])
sum_of_squares(x, axis=0)
sum_of_squares(x, axis=(0, 1))
sum_of_squares(b"ab")
sum_of_squares(range(3))
sum_of_squares({3, 4})
sum_of_squares([[1, 2], (3, 4)])
sum_of_squares([[1.5], [2j]])
sum_of_squares(i * i for i in range(3))
sum_of_squares(chunks())
sum_of_squares([Length()])
sum_of_squares(Frame())
sum_of_squares([x, x])
""".strip()

REJECTED = """
matmul(x, 5)
matmul(None, x)
matmul("x", x)
matmul(["x"], x)
matmul(x, [None])
matmul(x, (i for i in range(2)))
matmul(x, x, c, "hold")
matmul(x, x, out=[[0.0]])
sum_of_squares(5)
sum_of_squares(None)
sum_of_squares("text")
sum_of_squares(["text"])
sum_of_squares([1, None])
sum_of_squares(x, 0)
sum_of_squares(x, gil=True)
""".strip()


def test_mypy_accepts_operands_and_rejects_other_values(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    program = tmp_path / "program.py"
    program.write_text(f"{ACCEPTED}\n{REJECTED}\n", encoding="utf-8")
    first_rejected = len(ACCEPTED.splitlines()) + 1

    process = subprocess.run(
        [sys.executable, "-m", "mypy", "--disable-error-code=empty-body", "--no-color-output", program.name],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(Path(nogil_kernels.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    errors = [line for line in process.stdout.splitlines() if ": error:" in line]
    assert all(line.startswith("program.py:") for line in errors), process.stdout
    lines = {int(line.split(":")[1]) for line in errors}
    assert lines == set(range(first_rejected, first_rejected + len(REJECTED.splitlines()))), process.stdout
