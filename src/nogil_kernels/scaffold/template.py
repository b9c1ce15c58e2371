"""The template: its files as they lie in this package, and as they read in one project."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any

from .answers import AUTHOR, EMAIL, OWNER, Answers
from .kinds import KINDS
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
IGNORED = "template/.gitignore"


def load() -> dict[str, str]:
    """Return the text of every file of template and overlays by its path, without what a build or a test leaves."""
    here = files(__package__)
    ignored = [line.rstrip("/") for line in (here / IGNORED).read_text(encoding="utf-8").split()]
    found = {path: text for name in ("template", "overlays") for path, text in below(here / name, name, ignored)}
    return dict(sorted(found.items()))


def below(folder: Traversable, path: str, ignored: list[str]) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file below `folder`, which has that path. Names that match `ignored` are skipped."""
    for entry in folder.iterdir():
        if any(fnmatch(entry.name, pattern) for pattern in ignored):
            continue
        if entry.is_dir():
            yield from below(entry, f"{path}/{entry.name}", ignored)
        else:
            yield f"{path}/{entry.name}", entry.read_text(encoding="utf-8")


def render(template: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Return every file of the project by its path. Overlays lie over the base as whole files; then words change."""
    folders = ["template", f"overlays/{answers.kernel}"]
    if answers.simd:
        folders += ["overlays/simd", f"overlays/simd-{answers.kernel}"]
    chosen = {
        path.removeprefix(f"{folder}/"): text
        for folder in folders
        for path, text in template.items()
        if path.startswith(f"{folder}/")
    }
    owner, _, repository = answers.repo.partition("/")
    words = {
        **KINDS[answers.kernel],
        f"(c) 2026 {AUTHOR}": f"(c) {answers.year} {answers.author}",
        f"{OWNER}/your-kernels": answers.repo,
        OWNER: owner,
        "your-repository": repository,
        "your-kernels": answers.name,
        "your_kernels": import_name(answers.name),
        "YOUR_KERNELS": import_name(answers.name).upper(),
        AUTHOR: answers.author,
        EMAIL: answers.email,
    }
    return {replaced(path, words): replaced(text, words) for path, text in sorted(chosen.items())}


def replaced(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with every word replaced, the first that fits, in one pass: an answer may hold a word, too."""
    return re.sub("|".join(map(re.escape, words)), lambda match: words[match.group()], text)


def taken(template: Mapping[str, str]) -> dict[str, str]:
    """Return import names that no project can have, and what has each: folders and modules, what it needs."""
    names = dict.fromkeys(INSTALLED, "what Python installs packages with")
    names |= dict.fromkeys(AT_START, "what Python imports whenever it starts")
    names |= dict.fromkeys(NEEDED_BY_TOOLS, "what the project's tools need")
    for requirement in requirements(tomllib.loads(template["template/pyproject.toml"])):
        if found := REQUIREMENT.match(requirement):
            names[import_name(found.group())] = "what the project needs itself"
    for path in map(PurePosixPath, template):
        first, *rest = path.parts[1:] if path.parts[0] == "template" else path.parts[2:]
        if rest:
            names[first] = "a folder of the project"
        if path.suffix == ".py" and first != "src":
            names[path.stem] = "a file of the project"
    for pattern in template[IGNORED].split():
        names[pattern.rstrip("/")] = "a folder that a build makes"
    names.pop("your_kernels", None)  # a project may ask for its own extras
    return names


def requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a project needs to be built, run, tested and worked on."""
    yield from pyproject["build-system"]["requires"]
    yield from pyproject["project"].get("dependencies", [])
    for extra in pyproject["project"].get("optional-dependencies", {}).values():
        yield from extra
