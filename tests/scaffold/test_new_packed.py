"""An installed package contains every file of the template, and no files that a build or a test left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trees import files_of

from nogil_kernels.scaffold import template

ROOT = Path(__file__).resolve().parents[2]
LEFT_OVERS = (
    *("build/lib/x.py", "dist/x.whl", "src/x.egg-info/PKG-INFO", "src/your_kernels/k.so", ".venv/x.py"),
    *("tests/__pycache__/x.pyc", ".pytest_cache/x"),
)
STRICT = "from setuptools.build_meta import build_editable; build_editable('made', {'editable_mode': 'strict'})"
BUILDS = {"wheel": ["setup.py", "-q", "build_py", "--build-lib", "lib"], "strict editable": ["-c", STRICT]}


@pytest.fixture(scope="module", params=BUILDS)
def installed(request, tmp_path_factory):
    """Install from a tree with left-overs in the template, and return the folder with the package."""
    if not (ROOT / "setup.py").exists():
        pytest.skip("needs a checkout")
    for module, version in {"setuptools": "80", "Cython": "3.3"}.items():
        reason = f"{module} >= {version} is not installed: pip install -e '.[packaging]'"
        pytest.importorskip(module, version, reason=reason)
    tree = tmp_path_factory.mktemp("tree")
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.egg-info"))
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, tree)
    for path in LEFT_OVERS:
        file = tree / "src/nogil_kernels/scaffold/template" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\xff")
    (tree / "made").mkdir()
    variables = {**os.environ, "NOGIL_KERNELS_BUILD": "pure"}
    subprocess.run([sys.executable, *BUILDS[request.param]], cwd=tree, env=variables, check=True, capture_output=True)
    (folder,) = [*tree.glob("lib"), *tree.glob("build/__editable__*")]
    return folder


def test_exactly_the_files_of_the_template_are_installed(installed):
    scaffold = installed / "nogil_kernels/scaffold"
    assert {path: text for path, text in files_of(scaffold).items() if "/" in path} == template.load()
    assert {path.suffix for path in scaffold.iterdir() if path.is_file()} == {".py"}


def test_an_installed_package_creates_the_same_project(installed, new, here):
    new("fast-hash", "--kernel", "elementwise", "--simd")
    options = ["--kernel", "elementwise", "--simd", "--into", "again"]
    command = [sys.executable, "-m", "nogil_kernels", "new", "fast-hash", *options]
    variables = {**os.environ, "PYTHONPATH": str(installed), "NOGIL_KERNELS_BACKEND": "pure"}
    subprocess.run(command, env=variables, check=True, capture_output=True)
    assert files_of(here / "again") == files_of(here / "fast-hash")
