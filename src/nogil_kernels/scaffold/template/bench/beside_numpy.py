"""Compare the kernel with NumPy expressions that have the same result: the time per element, best of ROUNDS."""

from timeit import repeat
from typing import Any

import numpy as np

from your_kernels import sum_of_squares

ROUNDS, CALLS = 20, 20
X: Any = np.arange(100_000.0)  # Any: before Python 3.12, an ndarray has not the type Buffer
STATEMENTS = {
    "sum_of_squares(x)": lambda: sum_of_squares(X),
    "np.sum(x * x)": lambda: np.sum(X * X),
    "np.dot(x, x)": lambda: np.dot(X, X),  # BLAS may use several threads
}

if __name__ == "__main__":
    for statement, function in STATEMENTS.items():
        seconds = min(repeat(function, repeat=ROUNDS, number=CALLS)) / CALLS
        print(f"{statement:20} {seconds / X.size * 1e9:7.3f} ns per element")
