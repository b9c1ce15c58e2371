"""Run the commands of docs/gil.md again that begin with `$ nogil-kernels`, and write what they print there."""

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "gil.md"
EXAMPLE = re.compile(r"^\$ (nogil-kernels .+)(?:\n(?!\$|```).*)*", re.MULTILINE)
"""A command and its output."""
WIDTH = 110


def run_again(example: re.Match[str]) -> str:
    """Return the example with new output."""
    process = subprocess.run(
        [sys.executable, "-m", "nogil_kernels", *shlex.split(example[1])[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    texts = process.stdout.strip("\n").splitlines()
    lines = [line for text in texts for line in textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""]]
    return "\n".join([f"$ {example[1]}", *lines])


if __name__ == "__main__":
    DOCUMENT.write_text(EXAMPLE.sub(run_again, DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
