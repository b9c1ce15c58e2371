"""Times cases with the nogil_kernels that this interpreter has installed, whatever its version: `PYTHON child.py`.

It reads a case per line of standard input and answers each with a line. It imports the standard library, NumPy and the
public functions of nogil_kernels only.
"""

import json
import math
import sys
import timeit
from functools import lru_cache
from typing import Any

import numpy as np

import nogil_kernels


def random_numbers(dtype: str) -> Any:
    """Return normal(*shape) for this type: standard normal, or integers below 100."""
    rng, kind = np.random.default_rng(0), np.dtype(dtype)

    def normal(*shape: int) -> Any:
        if kind.kind in "iu":
            return rng.integers(0, 100, shape, kind)
        real = rng.standard_normal(shape)
        return (real + 1j * rng.standard_normal(shape) if kind.kind == "c" else real).astype(kind)

    return normal


def timed(case: dict[str, Any]) -> dict[str, Any]:
    """Return the loops of a sample, and the seconds per execution of the fastest sample.

    Interruptions only ever add time, so the fastest sample says the most about the code.
    """
    timer = prepared(case["dtype"], case["setup"], case["statement"])
    loops = case["loops"] or loops_for(timer, case["sample"])
    first = timer.timeit(loops)
    samples = timer.repeat(math.ceil(case["seconds"] / first) - 1, loops)
    return {"loops": loops, "seconds": min([first, *samples]) / loops}


@lru_cache(maxsize=1)  # it is asked for the same case several times, one after another
def prepared(dtype: str, setup: str, statement: str) -> timeit.Timer:
    """Return the timer of a case whose setup has run, and its statement once."""
    names: dict[str, Any] = {"np": np, "dtype": dtype, "normal": random_numbers(dtype)}
    names |= {name: getattr(nogil_kernels, name) for name in ("matmul", "sum_of_squares")}
    exec(setup, names)
    timer = timeit.Timer(statement, globals=names)
    timer.timeit(1)
    return timer


def loops_for(timer: timeit.Timer, seconds: float) -> int:
    """Return the number of executions that take about that long."""
    loops = 1
    while (took := min(timer.repeat(3, loops))) < seconds / 2:
        loops *= 2
    return max(1, round(loops * seconds / took))


def main() -> None:
    """Say which build this is, then time case after case."""
    print(json.dumps({"version": nogil_kernels.__version__, "file": nogil_kernels.__file__}), flush=True)
    for line in sys.stdin:
        try:
            answer = timed(json.loads(line))
        except Exception as error:  # an older version lacks what the case needs
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
