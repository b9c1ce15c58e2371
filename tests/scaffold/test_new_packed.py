"""What a wheel carries of the template: one archive, from which `new` makes the same projects."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from trees import files_of

from nogil_kernels.scaffold import archive, template

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The package as build_py puts it into a wheel."""
    if not (ROOT / "setup.py").exists():
        pytest.skip("what goes into a wheel is built in a checkout, and these tests lie elsewhere")
    for module, version in {"setuptools": "80", "Cython": "3.3"}.items():
        pytest.importorskip(module, version, reason=f"{module} >= {version} is not here: pip install -e '.[packaging]'")
    folder = tmp_path_factory.mktemp("packed")
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(folder)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "NOGIL_KERNELS_BUILD": "pure"}, check=True)
    return folder


def test_the_template_is_one_archive_and_no_source(packed):
    scaffold = packed / "nogil_kernels/scaffold"
    assert archive.unpack((scaffold / "template.txt").read_bytes()) == template.load()
    assert {path.suffix for path in scaffold.iterdir() if path.is_file()} == {".py", ".txt"}
    assert not [path for path in scaffold.iterdir() if path.is_dir()]


def test_a_project_from_the_archive_is_the_same(packed, new, here):
    new("fast-hash", "--kernel", "gemm", "--simd")
    options = ["--kernel", "gemm", "--simd", "--into", "again"]
    command = [sys.executable, "-m", "nogil_kernels", "new", "fast-hash", *options]
    variables = {**os.environ, "PYTHONPATH": str(packed), "NOGIL_KERNELS_BACKEND": "pure"}
    subprocess.run(command, env=variables, check=True, capture_output=True)
    assert files_of(here / "again") == files_of(here / "fast-hash")
