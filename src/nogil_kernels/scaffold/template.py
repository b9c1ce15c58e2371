"""Read the template's files, and fill them in for one project."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any

from .answers import AUTHOR, EMAIL, OWNER, Answers
from .names import import_name
from .words import SIMD_WORDS, WORDS

INSTALLED = ("pip", "pkg_resources", "pyximport", "wheel")  # modules of pip, setuptools, Cython and wheel
AT_START = ("sitecustomize", "usercustomize")  # modules that Python imports when it starts

# Packages that the tools in pyproject.toml depend on. A project of the same name could not be installed beside them.
NEEDED_BY_TOOLS = (
    *("iniconfig", "librt", "mypy_extensions", "packaging", "pathspec", "pluggy", "pycodestyle", "pygments"),
    *("tokenize_rt", "typing_extensions"),
)
REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")
GITIGNORE = "template/.gitignore"


def load() -> dict[str, str]:
    """Return path -> text of template and overlays, without files that a build or a test left."""
    package = files(__package__)
    ignored = [line.rstrip("/") for line in (package / GITIGNORE).read_text(encoding="utf-8").split()]
    texts = {path: text for name in ("template", "overlays") for path, text in below(package / name, name, ignored)}
    return dict(sorted(texts.items()))


def below(folder: Traversable, path: str, ignored: list[str]) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file below `folder`, which is at `path`. Skip names that match `ignored`."""
    for entry in folder.iterdir():
        if any(fnmatch(entry.name, pattern) for pattern in ignored):
            continue
        if entry.is_dir():
            yield from below(entry, f"{path}/{entry.name}", ignored)
        else:
            yield f"{path}/{entry.name}", entry.read_text(encoding="utf-8")


def render(template: Mapping[str, str], answers: Answers) -> dict[str, str]:
    """Return path -> text of a project. Overlays replace whole files of the template, then words are replaced."""
    folders = ["template", f"overlays/{answers.kernel}"]
    if answers.simd:
        folders += ["overlays/simd", f"overlays/simd-{answers.kernel}"]
    project_files = {
        path.removeprefix(f"{folder}/"): text
        for folder in folders
        for path, text in template.items()
        if path.startswith(f"{folder}/")
    }
    owner, _, repository = answers.repo.partition("/")
    replacements = {
        **(SIMD_WORDS if answers.simd else {}),
        **WORDS[answers.kernel],
        f"(c) 2026 {AUTHOR}": f"(c) {answers.year} {answers.author}",
        f'"{AUTHOR}"': json.dumps(answers.author, ensure_ascii=False),  # in TOML, which has JSON's escapes
        f"{OWNER}/your-kernels": answers.repo,
        OWNER: owner,
        "your-repository": repository,
        "your-kernels": answers.name,
        "your_kernels": import_name(answers.name),
        "YOUR_KERNELS": import_name(answers.name).upper(),
        AUTHOR: answers.author,
        EMAIL: answers.email,
    }
    return {replaced(path, replacements): replaced(text, replacements) for path, text in sorted(project_files.items())}


def replaced(text: str, replacements: Mapping[str, str]) -> str:
    """Replace all keys in one pass, because a replacement may contain a key. The first key that matches is replaced."""
    return re.sub("|".join(map(re.escape, replacements)), lambda match: replacements[match.group()], text)


def reserved_names(template: Mapping[str, str]) -> dict[str, str]:
    """Return import name -> reason for all names that a project cannot have, such as those of its folders and files."""
    names = dict.fromkeys(INSTALLED, "a module of an installer or of Cython")
    names |= dict.fromkeys(AT_START, "a module that Python imports when it starts")
    names |= dict.fromkeys(NEEDED_BY_TOOLS, "a dependency of the project's tools")
    for requirement in requirements(tomllib.loads(template["template/pyproject.toml"])):
        if match := REQUIREMENT.match(requirement):
            names[import_name(match.group())] = "a dependency of the project"
    for path in map(PurePosixPath, template):
        top, *below_top = path.parts[1:] if path.parts[0] == "template" else path.parts[2:]
        if below_top:
            names[top] = "a folder of the project"
        if path.suffix == ".py" and top != "src":
            names[path.stem] = "a file of the project"
    for pattern in template[GITIGNORE].split():
        names[pattern.rstrip("/")] = "a folder that a build creates"
    names.pop("your_kernels", None)  # an extra may require the project itself
    return names


def requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield the requirements to build, run, test and develop a project."""
    yield from pyproject["build-system"]["requires"]
    yield from pyproject["project"].get("dependencies", [])
    for extra in pyproject["project"].get("optional-dependencies", {}).values():
        yield from extra
