"""What a part of the session is: a target, what can be said of it, and how its outcome is written down."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "nogil-kernels", "cross")


class Cannot(Exception):
    """What a part needs is not to be had here."""


@dataclass
class Outcome:
    """One row of the table. A part fills it in as it goes, so that what is there says how far it came."""

    target: str
    built_with: str = "-"
    linked: str = "no"
    executed: str = "no"
    ran: str = "-"
    state: str = "ok"


@dataclass
class Part:
    """One target: `run` builds and, where it can, executes."""

    name: str
    target: str
    run: Callable[[Outcome], None] = field(repr=False)


def run(*command: object, cwd: Path | None = None, timeout: float = 1800, **variables: str) -> str:
    """What a command prints; its errors, too, where it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        words = " ".join(map(str, command))
        raise RuntimeError(f"exit status {done.returncode}: {words[:300]}\n{done.stdout[-6000:]}")
    return done.stdout


def scratch() -> Path:
    """A folder of this run's own, under the one that `main` removes at the end."""
    return Path(tempfile.mkdtemp(dir=os.environ["NOGIL_KERNELS_CROSS_SCRATCH"]))


def passed(output: str) -> str:
    """Pytest's last line without its frame; an error where nothing was executed."""
    summary = output.strip().splitlines()[-1].strip("= ").replace(" in ", ", ")
    if " passed" not in summary:
        raise RuntimeError(f"no test passed: {output[-3000:]}")
    return summary
