"""Memory that workers share: a file that each of them maps, in a folder that does not outlive its use."""

from pathlib import Path

from support import run_python

from nogil_kernels.workers import shared


def test_a_file_is_made_once_and_mapped_once(folder):
    path = folder.file("numbers", b"123")
    assert folder.file("numbers", b"456") == path
    memory = shared.mapped(path)
    memory[0] = ord("9")
    assert shared.mapped(path) is memory
    assert memory[:] == b"923"


def test_the_folder_goes_at_the_end(folder):
    folder.file("numbers", b"123")
    folder.__exit__(None, None, None)
    assert not folder.path.exists()


def test_a_folder_whose_process_was_killed_goes_with_the_next_one(folder, monkeypatch):
    code = "import os; from nogil_kernels.workers.shared import Folder; print(Folder().path, flush=True); os._exit(9)"
    killed = Path(run_python(code).stdout.strip())
    with shared.Folder():
        assert killed.exists()  # it may be one that has no lock yet
    monkeypatch.setattr(shared, "YOUNG", -1)
    with shared.Folder():
        assert not killed.exists()
        assert folder.path.exists()


def test_without_a_disk_in_memory_files_are_in_the_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "MEMORY_DISK", str(tmp_path / "absent"))
    monkeypatch.setattr(shared.tempfile, "tempdir", str(tmp_path))
    with shared.Folder() as folder:
        assert folder.path.parent == tmp_path
