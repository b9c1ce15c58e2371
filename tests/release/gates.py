"""Where the tree is, what its wheels have to run on, and how a gate runs a program."""

import os
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GLIBC = "2.28"  # of manylinux_2_28, which cibuildwheel builds in


def run(*command, cwd=ROOT, **variables):
    """What `command` prints; it has to end well."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOGIL_KERNELS_")}
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**ours, "PATH": path, "NO_COLOR": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
