"""A build compiles what depends on a changed file, and nothing else."""

import os
import shutil
import sys
import sysconfig

import pytest
from gates import ROOT, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="MSVC does not list the files that a source includes")
PACKAGE = "src/nogil_kernels"
FOLDERS = sorted({path.parent.relative_to(ROOT).as_posix() for path in (ROOT / PACKAGE).glob("[cgm]*/**/*.h")})
LINKER = '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ntouch "$2"\n'


class Tree:
    """A tree whose objects are only lists of the files that a source includes (-M), because compiling takes longer."""

    def __init__(self, folder):
        self.folder = folder
        linker = folder / "linker"
        linker.write_text(LINKER)
        linker.chmod(0o755)
        self.variables = {"CC": f"{sysconfig.get_config_var('CC')} -M", "LDSHARED": str(linker)}
        self.build()

    def build(self):
        run(sys.executable, "setup.py", "-q", "build_ext", cwd=self.folder, **self.variables)

    def built(self):
        """Return the built files and their dates."""
        paths = [path for suffix in ("o", "so") for path in self.folder.glob(f"build/*/**/*.{suffix}")]
        return {path: path.stat().st_mtime_ns for path in paths}

    def users(self, headers):
        """Return the objects whose source includes one of these headers."""
        objects = [path for path in self.built() if path.suffix == ".o"]
        return {path for path in objects if headers & {*map(os.path.normpath, path.read_text().split())}}

    def built_after_a_change(self, *files):
        """Return the files that a build writes after a change of these."""
        before = self.built()
        for file in files:
            os.utime(self.folder / file)
        self.build()
        return {path for path, date in self.built().items() if before.get(path) != date}


@pytest.fixture(scope="module")
def tree(built_tree, wheel, tmp_path_factory):
    """A copy of the tree of the wheel, with the C code that Cython generated, but without objects."""
    ignored = shutil.ignore_patterns("temp.*", "lib.*", "bdist.*")
    return Tree(shutil.copytree(built_tree, tmp_path_factory.mktemp("changes") / "tree", ignore=ignored))


def test_a_second_build_compiles_nothing(tree):
    assert len(tree.built()) > 20
    assert tree.built_after_a_change() == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_changed_headers_compile_all_objects_that_include_them(tree, folder):
    headers = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).glob("*.h")}
    assert tree.users(headers)
    assert tree.users(headers) <= tree.built_after_a_change(*headers)


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("compiled/sum_of_squares/runs.c", {"runs", "sum_of_squares"}),
        ("compiled/matmul/narrow.c", {"narrow", "matmul"}),
        ("measure/loops.h", {"loops", "limits"}),
        ("gil/clocks.h", {"clocks", "watch", "sampler"}),
    ],
)
def test_a_changed_file_of_a_kernel_compiles_this_kernel_only(tree, file, names):
    assert {path.name.partition(".")[0] for path in tree.built_after_a_change(f"{PACKAGE}/{file}")} == names


def test_changed_flags_in_setup_py_compile_everything(tree):
    assert tree.built_after_a_change("setup.py") == {*tree.built()}
