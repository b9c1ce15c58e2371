"""A file is written completely, or keeps its content."""

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
def test_a_device_is_written_directly():
    with replaced(os.devnull) as path:
        assert path == os.devnull
