"""Run the command `nogil-kernels` in a new interpreter, and start interpreters that are killed."""

import contextlib
import subprocess
import sys
import textwrap
from pathlib import Path

from support import completed, environment

HERE = Path(__file__).parent
SHORT = ["squares-python", "--seconds", "0.05", "--workers", "2", "--ways", "threads", "--quick"]


def run(*arguments, code=None, **variables):
    """Run the command, or `code`, in a new interpreter with warnings as errors; return the completed process."""
    program = ["-m", "nogil_kernels"] if code is None else ["-c", code]
    return completed("-W", "error", *program, *arguments, variables=variables, cwd=HERE, encoding="utf-8")


@contextlib.contextmanager
def killed(code, **variables):
    """Start a process that runs `code`. Yield the process and the first line that it prints, then kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(**variables),
        start_new_session=True,
    )
    with process:
        yield process, process.stdout.readline().strip()
        process.kill()
