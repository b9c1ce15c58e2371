"""What a call costs before any work is done, stage by stage, in nanoseconds.

Each stage is the difference of two statements that differ by that stage alone, timed in the same rounds; beside the
whole calls stand those of NumPy on the same operands. A difference is no measurement of its own: the
processor works on two stages at once, so that one stage can hide behind another, and their sum is not the whole.
"""

import argparse
import importlib.util
import tempfile
from array import array
from collections.abc import Generator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import nogil_kernels

from .. import Impossible, experiment
from ..experiment import Batch, Timed
from .report import STATEMENTS, render

SECONDS, QUICK_SECONDS = 8.0, 0.5
SOURCE = Path(__file__).with_name("call_costs.pyx")
TREE = Path(__file__).parents[2] / "src"


def batches(options: argparse.Namespace) -> Generator[Batch]:
    """One batch: all statements."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    yield Batch([Timed(code, code, {}) for code in STATEMENTS], operands(), seconds, done=1.0)


def operands() -> dict[str, Any]:
    """What the statements name."""
    call_costs = compile_call_costs()
    return {
        "np": np,
        "matmul": nogil_kernels.matmul,
        "sum_of_squares": nogil_kernels.sum_of_squares,
        "nothing": call_costs.nothing,
        "take_buffer": call_costs.take_buffer,
        "x": np.arange(8.0),
        "numbers": array("d", range(8)),
        "text": bytes(64),
        "a": np.eye(4),
        "b": np.ones((4, 4)),
        "c": np.empty((4, 4)),
    }


def compile_call_costs() -> ModuleType:
    """Compile call_costs.pyx against the kernels' own sources, in a temporary folder, and import it."""
    try:
        from Cython.Build import cythonize  # type: ignore[import-not-found, unused-ignore]
        from setuptools import Distribution, Extension  # type: ignore[import-untyped, unused-ignore]
        from setuptools.errors import CCompilerError, ExecError, PlatformError  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise Impossible(
            f"{error}: call_costs.pyx is compiled; pip install 'Cython >= 3.3' 'setuptools >= 80'"
        ) from None
    headers = {
        "include_dirs": [str(TREE / "nogil_kernels"), np.get_include()],
        "define_macros": [("NK_NUMPY_HEADERS", "1"), ("NPY_TARGET_VERSION", "NPY_1_25_API_VERSION")],
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is loaded
        extension = Extension("call_costs", [str(SOURCE)], **headers)
        options: Any = {"build_dir": folder, "include_path": [str(TREE)], "quiet": True}
        modules = cythonize([extension], **options)  # type: ignore[no-untyped-call, unused-ignore]
        command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
        command.build_lib = command.build_temp = folder
        command.ensure_finalized()
        try:
            command.run()
        except (CCompilerError, ExecError, PlatformError) as error:
            raise Impossible(f"call_costs.pyx needs a working C compiler: {error}") from error
        spec = importlib.util.spec_from_file_location("call_costs", command.get_ext_fullpath("call_costs"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


OVERHEAD = experiment.Experiment(
    name="overhead",
    about=__doc__ or "",
    quick="fewer rounds: a second instead of eight",
    batches=batches,
    render=render,
)
main = partial(experiment.run, OVERHEAD)
