"""Fresh interpreters: one for the command `nogil-kernels`, and one to kill."""

import contextlib
import subprocess
import sys
import textwrap
from pathlib import Path

from support import completed, environment

HERE = Path(__file__).parent
SHORT = ["squares-python", "--seconds", "0.05", "--workers", "2", "--ways", "threads", "--python", sys.executable]


def run(*arguments, code=None, **variables):
    """The command in a fresh interpreter, every warning an error."""
    program = ["-m", "nogil_kernels"] if code is None else ["-c", code]
    return completed("-W", "error", *program, *arguments, variables=variables, cwd=HERE, encoding="utf-8")


@contextlib.contextmanager
def killed(code, **variables):
    """A process that runs `code`, and the first line that it prints. At the end it is killed."""
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
