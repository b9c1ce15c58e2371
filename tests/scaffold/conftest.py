"""What the tests of `nogil-kernels new` share: a folder to be in, a git without a configuration, the command."""

import os
from types import SimpleNamespace

import pytest

from nogil_kernels.cli import main


@pytest.fixture(autouse=True)
def own_git(tmp_path, monkeypatch):
    """git's configuration: a file that does not exist yet, and nothing of the user's or the system's."""
    configuration = tmp_path / "gitconfig"
    for variable in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return configuration


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder that the command is called in: new, and empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def new(here, capsysbinary):
    """new(*arguments): exit status, stdout as bytes, and stderr of `nogil-kernels new`, in `here`."""

    def run(*arguments):
        capsysbinary.readouterr()
        status = main(["new", *map(str, arguments)])
        out, err = capsysbinary.readouterr()
        return SimpleNamespace(status=status, out=out, said=err.decode())

    return run
