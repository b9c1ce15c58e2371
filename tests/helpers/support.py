"""What several test files share: array layouts and fresh interpreters."""

import os
import subprocess
import sys
import sysconfig
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import nogil_kernels
from nogil_kernels.scaling.workloads.convoy import switch_interval as switch_interval

FREE_THREADED_BUILD = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
FREE_THREADED_NOW = not getattr(sys, "_is_gil_enabled", lambda: True)()
SOURCES = Path(__file__).resolve().parents[2] / "src"
OUR_VARIABLES = ("NOGIL_KERNELS_BACKEND", "NOGIL_KERNELS_ISA", "PYTHON_GIL", "PYTHONWARNINGS")

ABI3 = bool(nogil_kernels.build_info()["abi3"])
reads_structs = pytest.mark.skipif(ABI3, reason="the abi3 build asks every ndarray for its buffer")

LAYOUTS = (
    "C order",
    "Fortran order",
    "every third element",
    "backwards",
    "last axis backwards",
    "part of a wider array",
    "unaligned",
    "read-only",
)


def laid_out(values, layout):
    """An array equal to `values` whose memory is laid out as `layout` says."""
    values = np.asarray(values)
    if layout == "C order":
        return np.array(values, order="C")
    if layout == "Fortran order":
        return np.array(values, order="F")
    if layout == "read-only":
        result = np.array(values)
        result.flags.writeable = False
        return result
    if layout == "unaligned":
        memory = np.zeros(values.nbytes + 1, np.uint8)
        result = memory[1:].view(values.dtype).reshape(values.shape)
    elif layout == "every third element":
        result = _padded([3 * n for n in values.shape], values.dtype)[(..., *(np.s_[::3],) * values.ndim)]
    elif layout == "backwards":
        result = _padded(values.shape, values.dtype)[(..., *(np.s_[::-1],) * values.ndim)]
    elif layout == "last axis backwards":
        result = _padded(values.shape, values.dtype)[(..., np.s_[::-1]) if values.ndim else ...]
    else:
        assert layout == "part of a wider array", layout
        result = _padded([n + 3 for n in values.shape], values.dtype)[(..., *(np.s_[2 : n + 2] for n in values.shape))]
    result[...] = values
    return result


def _padded(shape, dtype):
    """An array that is nowhere zero, so that whoever reads between the elements is found out."""
    return np.full(shape, 77, dtype)


def environment(**variables):
    """This process's environment without our own variables and with `variables`; the tree that is tested is found."""
    env = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
    env.update(variables)
    return env


def completed(*arguments, variables=None, timeout=60, **options):
    """Run a fresh interpreter with `arguments`; return the completed process."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(**variables or {}),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **options,
    )


def run_python(code, *arguments, before="", timeout=120, **variables):
    """Run `before` and `code` in a fresh interpreter, every warning an error unless `arguments` say else."""
    program = textwrap.dedent(before) + textwrap.dedent(code)
    return completed(*(arguments or ("-W", "error")), "-c", program, variables=variables, timeout=timeout)


def python_prints(code, *arguments, **options):
    """Return what `run_python` prints. The exit status must be 0."""
    done = run_python(code, *arguments, **options)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


class Counting(ThreadPoolExecutor):
    """An executor that counts the tasks submitted to it."""

    submitted = 0

    def submit(self, *args, **kwargs):
        self.submitted += 1
        return super().submit(*args, **kwargs)


def every_call(kernels):
    """Return one small call per code path into the kernels, each of which takes gil= and threads=."""
    x, a = np.arange(6.0), np.eye(3)
    return {
        "array": lambda **options: kernels.sum_of_squares(x, **options),
        "strided array": lambda **options: kernels.sum_of_squares(x[::2], **options),
        "empty array": lambda **options: kernels.sum_of_squares(x[:0], **options),
        "axis": lambda **options: kernels.sum_of_squares(a, axis=0, **options),
        "range": lambda **options: kernels.sum_of_squares(range(5), **options),
        "list": lambda **options: kernels.sum_of_squares([1, 2], **options),
        "matmul": lambda **options: kernels.matmul(a, a, **options),
        "matmul of lists": lambda **options: kernels.matmul([[1]], [[2]], **options),
        "matmul of nothing": lambda **options: kernels.matmul(a[:0], a, **options),
        "matmul of objects": lambda **options: kernels.matmul(a.astype(object), a.astype(object), **options),
        "matmul into out": lambda **options: kernels.matmul(a, a, out=np.zeros((3, 3)), **options),
    }


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="this system does not list processes in /proc")


def processes_of(group):
    """The processes of a group or session that still run."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            state, _, *ids = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it has ended meanwhile
        if str(group) in ids and state != "Z":  # a zombie has ended; whoever started it has not looked yet
            found.append(int(name))
    return found


def left_of(group, seconds=10):
    """Those that are still there when they have had so long to end."""
    give_up = time.monotonic() + seconds
    while (left := processes_of(group)) and time.monotonic() < give_up:
        time.sleep(0.02)
    return left
