"""Helpers of several test files: array layouts, new interpreters, small calls and processes."""

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
EVERY_TEST = os.environ.get("NOGIL_KERNELS_TEST") == "every"  # run the long versions of tests
OUR_VARIABLES = ("NOGIL_KERNELS_BACKEND", "NOGIL_KERNELS_ISA", "PYTHON_GIL", "PYTHONWARNINGS")

ABI3 = bool(nogil_kernels.build_info()["abi3"])
reads_structs = pytest.mark.skipif(ABI3, reason="the abi3 build reads ndarrays as buffers")

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
    """Return an array equal to `values` with the memory layout `layout`."""
    values = np.asarray(values)
    if layout in ("C order", "Fortran order"):
        return np.array(values, order=layout[0])
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
    """Return an array of 77s, so that a kernel that reads between the elements computes a wrong result."""
    return np.full(shape, 77, dtype)


def environment(**variables):
    """Return this process's environment without OUR_VARIABLES, plus `variables`."""
    return {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES} | variables


def completed(*arguments, variables=None, timeout=60, **options):
    """Run a new interpreter with `arguments`; return the completed process."""
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
    """Run `before` and `code` in a new interpreter, by default with warnings as errors; return the finished process."""
    program = textwrap.dedent(before) + textwrap.dedent(code)
    return completed(*(arguments or ("-W", "error")), "-c", program, variables=variables, timeout=timeout)


def python_prints(code, *arguments, **options):
    """Return the output of `run_python`. The exit status must be 0."""
    process = run_python(code, *arguments, **options)
    assert process.returncode == 0, f"exit status {process.returncode}\n{process.stdout}\n{process.stderr}"
    return process.stdout.strip()


class Counting(ThreadPoolExecutor):
    """An executor that counts the tasks submitted to it."""

    submitted = 0

    def submit(self, *args, **kwargs):
        self.submitted += 1
        return super().submit(*args, **kwargs)


def every_call(kernels):
    """Return one small call per code path of the kernels. Each call takes gil= and threads=."""
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


def processes():
    """Return {process: (its parent, its group, its session)} of all running processes."""
    running = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            state, *ids = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it has exited since listdir
        if state != "Z":  # a zombie has exited, but its parent has not waited for it yet
            running[int(name)] = tuple(map(int, ids))
    return running


def descendants(process):
    """Return the running processes that a process has started, and those that these have started."""
    running, found = processes(), {process}
    while more := {name for name, (parent, *_) in running.items() if parent in found} - found:
        found |= more
    return found - {process}


def running_processes(group):
    """Return the ids of the running processes of a process group or session."""
    return [name for name, ids in processes().items() if group in ids]


def remaining_processes(group, seconds=10):
    """Wait at most `seconds` for the processes of a group to exit; return the ids of those that still run."""
    return remaining(lambda: running_processes(group), seconds)


def remaining(running, seconds=10):
    """Wait at most `seconds` until `running()` is empty; return what it is then."""
    deadline = time.monotonic() + seconds
    while (left := running()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
