"""Profilers and debuggers can unwind the stack of a kernel by unwind tables and by frame pointers (PEP 831)."""

import platform
import re
import shutil
import subprocess
import sys
import time

import pytest
from support import environment

FRAME_POINTER = {"x86_64": "rbp", "aarch64": "x29"}.get(platform.machine())

pytestmark = [
    pytest.mark.usefixtures("compiled_backend"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="gdb attaches by ptrace of Linux"),
    pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is not installed"),
]

# Without NumPy the process has one thread, which is nearly always in the kernel.
MULTIPLY = """
from nogil_kernels import matmul
n = 500
a = memoryview(bytearray(8 * n * n)).cast("B").cast("d", (n, n))
c = memoryview(bytearray(8 * n * n)).cast("B").cast("d", (n, n))
print("running", flush=True)
while True:
    matmul(a, a, out=c, gil="release")
"""


@pytest.fixture(scope="module")
def running():
    """Yield the process id of a Python that multiplies matrices until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", MULTIPLY], stdout=subprocess.PIPE, env=environment(NOGIL_KERNELS_BACKEND="compiled")
    )
    process.stdout.readline()
    yield process.pid
    process.kill()
    process.communicate()


def stopped_in_the_tile(pid, *commands):
    """Stop the process in the kernel, run gdb's commands, and return their output lines that describe a frame."""
    options = ["-batch", "-nx", "-iex", "set debuginfod enabled off", "-p", str(pid)]
    options += [word for command in commands for word in ("-ex", command)]
    for _ in range(20):  # sometimes the process is between two calls
        process = subprocess.run(["gdb", *options], capture_output=True, text=True, timeout=60, check=False)
        if "ptrace: " in process.stderr:
            pytest.skip(f"gdb may not stop another process here: {process.stderr.strip().splitlines()[-1]}")
        lines = [line for line in process.stdout.splitlines() if re.match(r"#\d|.* in section ", line)]
        if any("tile" in line for line in lines):
            return lines
        time.sleep(0.05)
    raise AssertionError(f"gdb never stopped the process in a tile: {lines}")


def test_unwind_tables_describe_all_frames_from_the_tile_to_python(running):
    stack = stopped_in_the_tile(running, "bt")
    names = [re.match(r"#\d+ +(?:0x\w+ in )?(\w+)", line)[1] for line in stack]
    outer_names = iter(names)
    expected = ("tile_f64", "multiply_bands", "run_bands", "PyEval_EvalCode")  # stripped Pythons export the last too
    assert all(any(name.endswith(suffix) for name in outer_names) for suffix in expected), names


@pytest.mark.skipif(FRAME_POINTER is None, reason=f"the frame pointer of {platform.machine()} is unknown")
def test_frame_pointers_link_all_frames_of_the_kernel(running):
    step = ("info symbol *(long *)($frame + 8)", "set $frame = *(long *)$frame")  # the caller, then its frame
    stack = stopped_in_the_tile(running, "info symbol $pc", f"set $frame = ${FRAME_POINTER}", *step * 10)
    depth = ["nogil_kernels" in line for line in stack].index(False)  # the number of frames of the kernel
    assert depth >= 3, stack
    assert "multiply_bands" in "".join(stack[:depth])
    assert "python" in stack[depth], stack  # the interpreter, which called the kernel
