"""What the tests of `nogil-kernels new` share: a folder to be in, a git without a configuration, the command."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from nogil_kernels.cli import main
from nogil_kernels.scaffold import template


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


@pytest.fixture
def newer(monkeypatch):
    """newer(path, content): from now on the template has that file with that content, or not at all (None)."""
    content = template.load()

    def change(path, to):
        content.pop(f"template/{path}", None)
        if to is not None:
            content[f"template/{path}"] = to
        monkeypatch.setattr(template, "load", lambda: dict(content))

    return change


@pytest.fixture
def git(here):
    """git(*arguments) in a folder, by somebody; it has to end well."""

    def run(*arguments, folder=here, given=None):
        somebody = ["-c", "user.name=Somebody", "-c", "user.email=s@example.org"]
        done = subprocess.run(
            ["git", *somebody, *arguments], cwd=folder, input=given, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    return run
