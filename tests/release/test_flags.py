"""The flags of the person who builds: they win over ours, and those of an instruction set come last."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from gates import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
BUILD = (sys.executable, "setup.py", "-q", "build_ext")


@pytest.fixture(scope="module")
def built(unpacked):
    """A tree whose modules were built with flags of the builder's own."""
    pytest.importorskip("Cython", reason="Cython is not installed: pip install -e '.[packaging]'")
    if not shutil.which("objdump") or not shutil.which("readelf"):
        pytest.skip("binutils is not installed")
    tree = unpacked("flags")
    run(*BUILD, cwd=tree, CFLAGS="-g -march=native", LDFLAGS="-Wl,--build-id=sha1")
    return tree


def test_debug_information_and_a_build_id_are_there_on_request(built):
    modules = [*built.glob("build/lib*/**/*.so")]
    assert len(modules) == 6
    for module in modules:
        sections = run("readelf", "--sections", "--wide", module)
        assert ".debug_info" in sections
        assert ".note.gnu.build-id" in sections


def test_the_portable_instance_stays_portable(built):
    registers = {isa: set() for isa in ("portable", "avx2", "avx512")}
    for isa, found in registers.items():
        for instance in built.glob(f"build/temp*/{isa}/**/*.o"):
            found.update(re.findall(r"%(ymm|zmm)", run("objdump", "--disassemble", instance)))
    if not registers["avx512"]:
        pytest.skip("only x86-64 has these registers")
    assert registers["portable"] == set()
    assert registers["avx2"] == {"ymm"}


def test_fast_math_stops_the_build_with_a_reason(unpacked):
    pytest.importorskip("Cython", reason="Cython is not installed: pip install -e '.[packaging]'")
    environment = {**os.environ, "CFLAGS": "-ffast-math"}
    done = subprocess.run(
        BUILD, cwd=unpacked("fast_math"), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "-ffast-math deletes the error terms of compensated sums" in done.stderr
