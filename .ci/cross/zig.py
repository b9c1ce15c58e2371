"""Building a wheel for another platform: setup.py as it is, with zig in the place of the compiler."""

import importlib.metadata
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from downloads import unpack
from parts import ROOT, Outcome, run, scratch

TREE = ("src", "tests", "bench", "setup.py", "pyproject.toml", "README.md", "LICENSE")
ZIG = (sys.executable, "-m", "ziglang")


@dataclass(frozen=True)
class Target:
    """What a compiler and setup.py have to be told of a platform."""

    triple: str  # zig's name of processor, system, C library and its version
    platform: str  # Python's name of processor and system
    suffix: str  # of extension modules
    compile_flags: tuple[object, ...] = ()
    link_flags: tuple[object, ...] = ()


def zig_version() -> str:
    return f"zig cc {importlib.metadata.version('ziglang')}"


def copy_of_tree() -> Path:
    """The checkout as it is now, less what was built in it."""
    tree = scratch()
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "*.egg-info")
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree / name)
    return tree


def words(*parts: object) -> str:
    return " ".join(f"'{part}'" for part in parts)


def build(target: Target, outcome: Outcome, tree: Path) -> Path:
    """The wheel for a target; `tree/build` keeps the objects."""
    outcome.built_with = f"{zig_version()}, {target.triple}"
    zig = (*ZIG, "cc", "-target", target.triple)
    run(
        *(sys.executable, "setup.py", "--quiet", "bdist_wheel", "--plat-name", target.platform.replace("-", "_")),
        cwd=tree,
        _PYTHON_HOST_PLATFORM=target.platform,
        SETUPTOOLS_EXT_SUFFIX=target.suffix,
        CC=words(*zig, *target.compile_flags),
        LDSHARED=words(*zig, "-shared"),
        LDFLAGS=words(*target.link_flags),
        CFLAGS="",
    )
    (wheel,) = (tree / "dist").glob("*.whl")
    outcome.linked = "yes"
    return wheel


def site_with(wheel: Path, packages: Path) -> Path:
    """A site-packages folder that has the wheel beside what was downloaded."""
    site = scratch() / "site-packages"
    shutil.copytree(packages, site)
    unpack(wheel, site)
    return site
