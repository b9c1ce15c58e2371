"""Read a project back: its files, and the answers that made it."""

import re
import tomllib

from nogil_kernels.scaffold.answers import Answers


def files_of(folder):
    """Return path -> text of every file below `folder`."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in paths}


def answers_of(folder):
    """Return the answers, read from the project's files."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (package,) = (folder / "src").iterdir()
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    return Answers(
        name=project["name"],
        kernel="elementwise" if "polyval" in (package / "pure.py").read_text(encoding="utf-8") else "reduction",
        simd=(package / "simd.c").exists(),
        author=project["authors"][0]["name"],
        email=project["authors"][0]["email"],
        repo=project["urls"]["Source"].removeprefix("https://github.com/"),
        year=int(re.search(r"^Copyright \(c\) (\d+) ", licence, re.MULTILINE)[1]),
    )
