"""The worker of `against`, started as PYTHON worker.py. It times statements with the nogil_kernels of its interpreter.

Each line of standard input is a request, each line of output an answer, both in JSON. The build may have any version of
nogil_kernels: this file imports only the standard library, NumPy and the public functions.
"""

import json
import math
import random
import sys
import timeit
from functools import lru_cache
from typing import Any

import numpy as np

import nogil_kernels


def random_numbers(dtype: str) -> Any:
    """Return the function normal(*shape) of a dtype: standard normal numbers, or integers below 100."""
    rng, element = np.random.default_rng(0), np.dtype(dtype)

    def normal(*shape: int) -> Any:
        if element.kind in "iu":
            return rng.integers(0, 100, shape, element)
        real = rng.standard_normal(shape)
        return (real + 1j * rng.standard_normal(shape) if element.kind == "c" else real).astype(element)

    return normal


def time_request(request: dict[str, Any]) -> dict[str, Any]:
    """Return the loops per sample, and the seconds per execution in the fastest sample.

    An interruption can only lengthen a sample, so the fastest sample is nearest to the time of the code.
    """
    timer = prepared(request["dtype"], request["setup"], request["statement"])
    loops = request["loops"] or loops_for(timer, request["sample"])
    first_sample = timer.timeit(loops)
    samples = timer.repeat(math.ceil(request["seconds"] / first_sample) - 1, loops)
    return {"loops": loops, "seconds": min([first_sample, *samples]) / loops}


@lru_cache(maxsize=1)  # successive requests have the same statement
def prepared(dtype: str, setup: str, statement: str) -> timeit.Timer:
    """Run the setup, and the statement once; return the timer of the statement."""
    names: dict[str, Any] = {"np": np, "dtype": dtype, "normal": random_numbers(dtype)}
    names |= {name: getattr(nogil_kernels, name) for name in ("matmul", "sum_of_squares")}
    # The place of an array within its page changes times by up to a third, so each process gets another place.
    names["padding"] = [np.empty(random.randrange(4096), np.uint8) for _ in range(8)]
    exec(setup, names)
    timer = timeit.Timer(statement, globals=names)
    timer.timeit(1)
    return timer


def loops_for(timer: timeit.Timer, seconds: float) -> int:
    """Return the number of executions that take about `seconds`."""
    loops = 1
    while (fastest_seconds := min(timer.repeat(3, loops))) < seconds / 2:
        loops *= 2
    return max(1, round(loops * seconds / fastest_seconds))


def main() -> None:
    """Print the version and the path of the build, then answer requests."""
    print(json.dumps({"version": nogil_kernels.__version__, "file": nogil_kernels.__file__}), flush=True)
    for line in sys.stdin:
        try:
            answer = time_request(json.loads(line))
        except Exception as error:  # an older version may not be able to execute the statement
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
