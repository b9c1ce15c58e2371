"""Helpers of the gates: run a program, unpack an sdist, read a wheel or a module."""

import io
import os
import subprocess
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLIBC = "2.28"  # that of manylinux_2_28, the image in which cibuildwheel builds


def environment(**variables):
    """Return this process's environment with the programs of this Python, without NOGIL_KERNELS_*, plus `variables`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NOGIL_KERNELS_")}
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return {**inherited, "PATH": path, "NO_COLOR": "1", **variables}


def run(*command, cwd=ROOT, **variables):
    """Run a command; return its output. The exit status must be 0."""
    process = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, f"{command[0]} failed with status {process.returncode}:\n{process.stdout}"
    return process.stdout


def loaded(path):
    """Return the content of a YAML file."""
    yaml = pytest.importorskip("yaml", reason="pyyaml is not installed: pip install -e '.[packaging]'")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def unpack(sdist, directory):
    """Unpack an sdist in `directory`; return its folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(directory, filter="data")
    (tree,) = directory.iterdir()
    return tree


def members(wheel):
    """Return the files of a wheel: path -> bytes."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sections_of(module):
    """Return the names of the sections of an ELF file, given as bytes."""
    elffile = pytest.importorskip("elftools.elf.elffile", reason="pyelftools is not installed: see the extra packaging")
    return {section.name for section in elffile.ELFFile(io.BytesIO(module)).iter_sections()}
