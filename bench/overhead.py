"""What a call costs before any work is done, stage by stage, in nanoseconds.

Each stage is the difference of two statements that differ by that stage alone, timed in the same rounds; beside the
whole calls stand those of NumPy and bottleneck on the same operands. A difference is no measurement of its own: the
processor works on two stages at once, so that one stage can hide behind another, and their sum is not the whole.
"""

import argparse
import sys
from array import array
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np

import nogil_kernels

from . import experiment, overhead_plot, overhead_report
from .experiment import Batch, Timed
from .overhead_report import BOTTLENECK, STATEMENTS

SECONDS, QUICK_SECONDS = 8.0, 0.5


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """One batch: all statements."""
    namespace = operands()
    timed = [Timed(code, code, {}) for code in STATEMENTS if "bn" in namespace or code != BOTTLENECK]
    yield Batch(timed, namespace, QUICK_SECONDS if options.quick else SECONDS, done=1.0)


def operands() -> dict[str, Any]:
    """What the statements name. bottleneck is missing where it is not installed."""
    from nogil_kernels.compiled.sum_of_squares.sum_of_squares import (
        nothing,
        take_buffer,
    )  # there is none on the pure backend

    found: dict[str, Any] = {
        "np": np,
        "matmul": nogil_kernels.matmul,
        "sum_of_squares": nogil_kernels.sum_of_squares,
        "nothing": nothing,
        "take_buffer": take_buffer,
        "x": np.arange(8.0),
        "numbers": array("d", range(8)),
        "text": bytes(64),
        "a": np.eye(4),
        "b": np.ones((4, 4)),
        "c": np.empty((4, 4)),
    }
    try:
        import bottleneck

        found["bn"] = bottleneck
    except ImportError as error:
        print(f"bottleneck: left out, {error}; pip install -e '.[peers]'", file=sys.stderr)
    return found


OVERHEAD = experiment.Experiment(
    name="overhead",
    about=__doc__ or "",
    quick="fewer rounds: a second instead of eight",
    batches=batches,
    render=overhead_report.render,
    draw=overhead_plot.draw,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    return experiment.run(OVERHEAD, arguments)


if __name__ == "__main__":
    sys.exit(main())
