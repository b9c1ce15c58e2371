"""A file is written completely, or keeps its content."""

import errno
import os
import sys

import pytest

from nogil_kernels.measure.files import replaced

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other links and modes")


def write(path, text):
    with replaced(path) as unfinished, open(unfinished, "w") as file:
        file.write(text)


def test_a_write_that_fails_keeps_the_old_content_and_leaves_no_other_file(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replaced(path) as unfinished, open(unfinished, "w") as file:
        print(1 / 0, file=file)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_the_suffix_is_kept_for_writers_that_choose_a_format(tmp_path):
    with replaced(tmp_path / "plot.svg") as unfinished:
        assert unfinished.endswith(".svg")
        open(unfinished, "w").close()


@needs_posix
def test_links_and_modes_are_kept(tmp_path):
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write(link, "new")
    assert link.is_symlink()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)


@needs_posix
def test_a_file_with_several_names_keeps_them(tmp_path):
    path, other = tmp_path / "report.json", tmp_path / "other.json"
    path.write_text("old")
    other.hardlink_to(path)
    write(path, "new")
    assert other.read_text() == "new"


def test_a_file_that_cannot_be_replaced_gets_the_new_content(tmp_path, monkeypatch):
    """A mount point, and a file of another user in a sticky folder."""

    def fail(*paths):
        raise OSError(errno.EBUSY, "Device or resource busy")

    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", fail)
    write(path, "new")
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


@needs_posix
def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / f"{'x' * 250}.json"
    write(path, "new")
    assert path.read_text() == "new"


@needs_posix
def test_a_device_is_written_directly():
    with replaced(os.devnull) as path:
        assert path == os.devnull
