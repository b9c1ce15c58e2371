"""The structure of the package: modules import only from their own part and from lower floors."""

import ast
import re
import subprocess
from importlib.util import resolve_name
from pathlib import Path

import pytest

import nogil_kernels

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(nogil_kernels.__file__).parent
FLOORS = (  # from top to bottom. Parts of the same floor do not import each other.
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
    ("operands",),
    ("blocks", "exports"),
    ("extras", "_version"),
)
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}


def part_of(module):
    """Return the folder or file in the package: measure for "nogil_kernels.measure.facts"."""
    return [*module.split("."), "__init__"][1]


def modules():
    """Yield each source file and its module, except the folders in scaffold/, which are for generated projects."""
    for suffix in (".py", ".pyx", ".pxd"):
        for path in sorted(PACKAGE.rglob(f"*{suffix}")):
            relative = path.relative_to(PACKAGE)
            if relative.parts[0] != "scaffold" or len(relative.parts) == 2:
                yield path, ".".join(("nogil_kernels", *relative.with_suffix("").parts))


def imported_by(path, module):
    """Yield the modules that a file imports. A name imported from the package itself may be a module."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        nodes = [*ast.walk(ast.parse(source))]
        imports = [(alias.name, []) for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        imports += [
            ("." * node.level + (node.module or ""), [alias.name for alias in node.names])
            for node in nodes
            if isinstance(node, ast.ImportFrom)
        ]
    else:  # Cython, which ast cannot parse
        imports = [
            (name, re.findall(r"(\w+)(?: as \w+)?", names))
            for name, names in re.findall(r"^ *from ([\w.]+) c?import (.*)", source, re.MULTILINE)
        ]
    for name, names in imports:
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
    """Yield the paths that docs/architecture.md lists, relative to the root. Folders end with a slash."""
    document = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    parents = {}  # indentation level -> path
    listing = document.partition("## The house")[2].partition("\nImports")[0]
    for indent, name in re.findall(r"^    ( *)(\S+)", listing, re.MULTILINE):
        depth = len(indent) // 2
        parents[depth] = parents.get(depth - 1, "") * bool(depth) + name
        yield parents[depth]


@pytest.mark.skipif(not (ROOT / "docs").exists(), reason="only a checkout has the documents")
def test_the_architecture_document_lists_every_folder_and_only_existing_paths():
    paths = [*listed()]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not tracked:
        pytest.skip("this tree is not a git checkout")
    folders = {f"{folder}/" for path in tracked for folder in Path(path).parents}
    template_path = re.compile(r"src/nogil_kernels/scaffold/(template|overlays)/.")
    own_folders = {path for path in folders if path.startswith(("src/nogil_kernels/", "bench/", "tests/"))}
    assert {path for path in own_folders if not template_path.match(path)} <= {*paths}
