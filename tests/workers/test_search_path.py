"""The order of sys.path: Python's own modules, folders of the user, installed packages."""

import os
import sys

from nogil_kernels.workers import search_path


def test_a_folder_is_behind_the_standard_library_and_before_packages(monkeypatch, tmp_path):
    own = [*search_path.PYTHON_FOLDERS]
    monkeypatch.setattr(sys, "path", [*own, "/packages"])
    search_path.add(str(tmp_path))
    search_path.add(str(tmp_path))
    assert sys.path == [*own, str(tmp_path), "/packages"]


def test_the_current_folder_has_its_path_in_processes(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/packages"])
    assert search_path.absolute() == [os.getcwd(), "/packages"]


def test_a_removed_current_folder_is_omitted(monkeypatch):
    def fail():
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", fail)
    monkeypatch.setattr(sys, "path", ["", "/packages"])
    search_path.add_current_folder()
    assert search_path.absolute() == ["/packages"]


def test_processes_start_with_this_package_and_without_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "/packages"])
    assert search_path.for_start() == [*search_path.PYTHON_FOLDERS, search_path.PACKAGE_PARENT, "/packages"]


def test_the_variable_for_processes_is_restored(monkeypatch):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with search_path.without_current_folder():
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert "PYTHONSAFEPATH" not in os.environ
