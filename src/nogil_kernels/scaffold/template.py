"""The template: its files as they lie in this package, and as they read in one project."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from . import archive
from .answers import AUTHOR, EMAIL, OWNER, Answers
from .names import import_name

# What every installed Python has, and what an import of the project's name would meet before or instead of it.
INSTALLED = ("pip", "pkg_resources", "pyximport", "wheel")
AT_START = ("sitecustomize", "usercustomize")

# What the tools of pyproject.toml need in their turn: pip cannot install two distributions of one name.
NEEDED_BY_TOOLS = (
    *("iniconfig", "librt", "mypy_extensions", "packaging", "pathspec", "pluggy", "pycodestyle", "pygments"),
    *("tokenize_rt", "typing_extensions"),
)
REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


def load() -> dict[str, bytes]:
    """Every file of template and overlays by its path: from the folders of a checkout, or from a wheel's archive."""
    here = files(__package__)
    if isinstance(here, Path) and (here / "template").is_dir():
        return archive.collect(here)
    return archive.unpack((here / "template.txt").read_bytes())


def render(template: Mapping[str, bytes], answers: Answers) -> dict[str, bytes]:
    """Every file of the project by its path. Overlays lie over the base as whole files; then words are replaced."""
    folders = ["template", f"overlays/{answers.kernel}"]
    if answers.simd:
        folders += ["overlays/simd", f"overlays/simd-{answers.kernel}"]
    chosen = {
        path.removeprefix(f"{folder}/"): content
        for folder in folders
        for path, content in template.items()
        if path.startswith(f"{folder}/")
    }
    owner, _, repository = answers.repo.partition("/")
    words = {
        f"{OWNER}/your-kernels": answers.repo,
        OWNER: owner,
        "your-repository": repository,
        "your-kernels": answers.name,
        "your_kernels": import_name(answers.name),
        "YOUR_KERNELS": import_name(answers.name).upper(),
        AUTHOR: answers.author,
        EMAIL: answers.email,
    }
    project = {replaced(path, words): renamed(content, words) for path, content in sorted(chosen.items())}
    project["LICENSE"] = with_year(project["LICENSE"], answers.year)
    return project


def replaced(text: str, words: Mapping[str, str]) -> str:
    """`text` with every word replaced, the first that fits, in one pass: an answer may hold a word of the template."""
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found.group()], text)


def renamed(content: bytes, words: Mapping[str, str]) -> bytes:
    """A file's content with every word replaced; what is no text is left alone."""
    return content if b"\0" in content else replaced(content.decode(), words).encode()


def with_year(licence: bytes, year: int) -> bytes:
    """The licence, with the year of its copyright."""
    return re.sub(rb"(?<=^Copyright \(c\) )\d{4}", b"%d" % year, licence, count=1, flags=re.MULTILINE)


def taken(template: Mapping[str, bytes]) -> dict[str, str]:
    """Import names that no project can have, and what has each of them: project's folders and modules, requirements."""
    names = dict.fromkeys(INSTALLED, "what Python installs packages with")
    names |= dict.fromkeys(AT_START, "what Python imports whenever it starts")
    names |= dict.fromkeys(NEEDED_BY_TOOLS, "what the project's tools need")
    for requirement in requirements(tomllib.loads(template["template/pyproject.toml"].decode())):
        if found := REQUIREMENT.match(requirement):
            names[import_name(found.group())] = "what the project needs itself"
    for path in map(PurePosixPath, template):
        first, *rest = path.parts[1:] if path.parts[0] == "template" else path.parts[2:]
        if rest:
            names[first] = "a folder of the project"
        if path.suffix == ".py" and first != "src":
            names[path.stem] = "a file of the project"
    for pattern in template[archive.IGNORED].decode().split():
        names[pattern.rstrip("/")] = "a folder that a build makes"
    names.pop("your_kernels", None)  # a project may ask for its own extras
    return names


def requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """What a project needs to be built, run, tested and worked on."""
    yield from pyproject["build-system"]["requires"]
    yield from pyproject["project"].get("dependencies", [])
    for extra in pyproject["project"].get("optional-dependencies", {}).values():
        yield from extra
