"""Fixtures for the tests of `nogil-kernels new`: an empty folder, git without configuration, the command."""

import os
from types import SimpleNamespace

import pytest

from nogil_kernels.cli import main


@pytest.fixture(autouse=True)
def own_git(tmp_path, monkeypatch):
    """Return the path of git's only configuration file, which does not exist yet."""
    configuration = tmp_path / "gitconfig"
    for variable in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return configuration


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Change to a new, empty folder, and return it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def new(here, capsysbinary):
    """Return new(*arguments), which runs `nogil-kernels new` in `here`: status, out (bytes) and err (text)."""

    def run(*arguments):
        capsysbinary.readouterr()
        status = main(["new", *map(str, arguments)])
        out, err = capsysbinary.readouterr()
        return SimpleNamespace(status=status, out=out, err=err.decode())

    return run
