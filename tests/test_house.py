"""The house: modules of the package import from their own part of it and from lower floors, wherever the import is."""

import ast
import re
import subprocess
from importlib.util import resolve_name
from pathlib import Path

import pytest

import nogil_kernels

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(nogil_kernels.__file__).parent
FLOORS = (  # from top to bottom; parts of one floor do not import each other
    ("__main__",),
    ("cli",),
    ("scaling", "scaffold"),
    ("gil",),
    ("workers",),
    ("measure",),
    ("__init__",),
    ("backend",),
    ("pure_backend", "compiled"),
    ("arrays",),
    ("threads",),
    ("pure",),
    ("extras", "_version"),
)
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}


def part_of(module):
    """The folder or file below the package: measure for "nogil_kernels.measure.facts"."""
    return [*module.split("."), "__init__"][1]


def modules():
    """The sources of the package: (file, its module). The folders in scaffold/ belong to generated projects."""
    for suffix in (".py", ".pyx", ".pxd"):
        for path in sorted(PACKAGE.rglob(f"*{suffix}")):
            place = path.relative_to(PACKAGE)
            if place.parts[0] != "scaffold" or len(place.parts) == 2:
                yield path, ".".join(("nogil_kernels", *place.with_suffix("").parts))


def imported_by(path, module):
    """The modules that a file imports. A name that it takes from the package itself may be a module, too."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        nodes = [*ast.walk(ast.parse(source))]
        found = [(alias.name, []) for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        found += [
            ("." * node.level + (node.module or ""), [alias.name for alias in node.names])
            for node in nodes
            if isinstance(node, ast.ImportFrom)
        ]
    else:  # Cython, of which ast knows nothing
        found = [
            (name, re.findall(r"(\w+)(?: as \w+)?", names))
            for name, names in re.findall(r"^ *from ([\w.]+) c?import (.*)", source, re.MULTILINE)
        ]
    for name, names in found:
        name = resolve_name(name, module.rpartition(".")[0])
        if name != "nogil_kernels":
            yield name
        else:
            yield from (f"{name}.{part}" if part in FLOOR_OF else name for part in names)


def test_imports_point_downwards():
    upwards = [
        f"{module} imports {name}"
        for path, module in modules()
        for name in imported_by(path, module)
        if name.partition(".")[0] == "nogil_kernels"
        and part_of(name) != part_of(module)
        and FLOOR_OF[part_of(name)] <= FLOOR_OF[part_of(module)]
    ]
    assert upwards == []


def listed():
    """The folders and files that docs/architecture.md shows, as paths below the root; folders end with a slash."""
    document = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    above = {}  # by indentation
    listing = document.partition("## The house")[2].partition("\nImports")[0]
    for indent, name in re.findall(r"^    ( *)(\S+)", listing, re.MULTILINE):
        depth = len(indent) // 2
        above[depth] = above.get(depth - 1, "") * bool(depth) + name
        yield above[depth]


@pytest.mark.skipif(not (ROOT / "docs").exists(), reason="the documents are in a checkout, not beside these tests")
def test_the_architecture_document_shows_every_folder_and_nothing_that_is_not_there():
    shown = [*listed()]
    assert [path for path in shown if not (ROOT / path).exists()] == []
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("this tree is not a git checkout")
    folders = {f"{folder}/" for path in tracked for folder in Path(path).parents}
    copied = re.compile(r"src/nogil_kernels/scaffold/(template|overlays)/.")
    rooms = {path for path in folders if path.startswith(("src/nogil_kernels/", "bench/", "tests/"))}
    assert {path for path in rooms if not copied.match(path)} <= {*shown}
