"""Where the tree is, what its wheels have to run on, and how a gate runs a program or reads a file."""

import io
import os
import subprocess
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

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


def unpack(sdist, directory):
    """The one folder that is in an sdist, unpacked below `directory`."""
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    (tree,) = directory.iterdir()
    return tree


def members(wheel):
    """Every file of a wheel: path -> bytes."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sections_of(module):
    """The names of the sections of an ELF file, given as bytes."""
    elffile = pytest.importorskip("elftools.elf.elffile", reason="pyelftools is not installed: see the extra packaging")
    return {section.name for section in elffile.ELFFile(io.BytesIO(module)).iter_sections()}
