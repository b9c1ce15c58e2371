"""Shared memory: mapped files, in a folder that is removed after use."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from support import run_python

from nogil_kernels.workers import shared


def test_a_file_is_written_once_and_mapped_once(folder):
    path = folder.file("numbers", b"123")
    assert folder.file("numbers", b"456") == path
    memory = shared.mapped(path)
    memory[0] = ord("9")
    assert shared.mapped(path) is memory
    assert memory[:] == b"923"


def test_the_folder_is_removed_at_the_end(folder):
    folder.file("numbers", b"123")
    folder.__exit__(None, None, None)
    assert not folder.path.exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_one(folder, monkeypatch):
    code = "import os; from nogil_kernels.workers.shared import Folder; print(Folder().path, flush=True); os._exit(9)"
    orphan = Path(run_python(code).stdout.strip())
    with shared.Folder():
        assert orphan.exists()  # a new folder may not have its lock yet
    monkeypatch.setattr(shared, "LOCK_SECONDS", -1)
    with shared.Folder():
        assert not orphan.exists()
        assert folder.path.exists()


def test_files_are_in_the_temporary_folder_if_there_is_no_memory_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "MEMORY_DISK", str(tmp_path / "absent"))
    monkeypatch.setattr(shared.tempfile, "tempdir", str(tmp_path))
    with shared.Folder() as folder:
        assert folder.path.parent == tmp_path


@pytest.mark.parametrize(
    ("free", "expected"), [(shared.MIN_FREE_BYTES, "memory"), (shared.MIN_FREE_BYTES - 1, "temporary")]
)
def test_a_memory_disk_that_is_nearly_full_is_not_used(free, expected, tmp_path, monkeypatch):
    for name in ("memory", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(shared, "MEMORY_DISK", str(tmp_path / "memory"))
    monkeypatch.setattr(shared.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(shared.shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    with shared.Folder() as folder:
        assert folder.path.parent == tmp_path / expected


def test_a_full_disk_is_an_error_with_the_file(folder, monkeypatch):
    def fail(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match=r"No space left on device: '.*numbers'"):
        folder.file("numbers", b"123")
