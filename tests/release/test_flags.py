"""Flags of the environment override the project's flags, but select no instructions. Some stop the build."""

import platform
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest
from gates import environment, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads ELF")
BUILD = (sys.executable, "setup.py", "-q", "build_ext")
X86_64 = platform.machine() == "x86_64"


@pytest.fixture(scope="module")
def built(built_tree, wheel):
    """A tree that was built without these flags before. -fPIE is for programs, and -mxop for old processors of AMD."""
    if not shutil.which("objdump") or not shutil.which("readelf"):
        pytest.skip("binutils is not installed")
    compiler = f"{sysconfig.get_config_var('CC')} -march=native"
    cflags = "-g -fPIE" + " -mavx512f -mxop" * X86_64
    run(*BUILD, cwd=built_tree, CC=compiler, CFLAGS=cflags, LDFLAGS="-Wl,--build-id=sha1")
    return built_tree


def refused(tree, **variables):
    """Run a build that must fail, and return what it prints."""
    process = subprocess.run(
        BUILD, cwd=tree, env=environment(**variables), capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode != 0
    return process.stderr


def test_cflags_add_debug_information_and_ldflags_a_build_id(built):
    modules = [*built.glob("build/lib*/**/*.so")]
    assert len(modules) == 7
    for module in modules:
        sections = run("readelf", "--sections", "--wide", module)
        assert ".debug_info" in sections
        assert ".note.gnu.build-id" in sections


def test_objects_use_only_instructions_of_their_set(built):
    newer = {isa: set() for isa in ("portable", "avx2", "avx512")}
    for isa, used in newer.items():
        for instance in built.glob(f"build/temp*/{isa}/**/*.o"):
            used.update(re.findall(r"%(ymm|zmm)|\t(vpcmov|vpmac\w+) ", run("objdump", "--disassemble", instance)))
    if not newer["avx512"]:
        pytest.skip("only x86-64 has these registers")
    assert newer["portable"] == set()
    assert newer["avx2"] == {("ymm", "")}


@pytest.mark.parametrize(
    ("variable", "value", "flag"),
    [
        ("CFLAGS", "-O2 -ffast-math", "-ffast-math"),
        ("CFLAGS", "-ffast-math -fno-fast-math", "-ffast-math"),
        ("CFLAGS", "-g -Ofast", "-Ofast"),
        ("CFLAGS", "-ffinite-math-only", "-ffinite-math-only"),
        ("CFLAGS", "-mfpmath=387", "-mfpmath=387"),
        ("CFLAGS", "-ffp-model=precise -ffp-model=aggressive", "-ffp-model=aggressive"),
        ("CFLAGS", "-fp-model=fast=2", "-fp-model=fast=2"),
        ("CFLAGS", "-fdenormal-fp-math=preserve-sign,ieee", "-fdenormal-fp-math=preserve-sign,ieee"),
        ("CFLAGS", "-fapprox-func", "-fapprox-func"),
        ("CFLAGS", "-mfpmath=sse -mrecip=all", "-mrecip=all"),
        ("LDFLAGS", "-mpc64", "-mpc64"),
        ("CPPFLAGS", "-funsafe-math-optimizations", "-funsafe-math-optimizations"),
        ("CC", "gcc -fno-signed-zeros", "-fno-signed-zeros"),
        ("LDFLAGS", "-Wl,-O1 -ffast-math", "-ffast-math"),
        ("LDSHARED", "gcc -shared -Ofast", "-Ofast"),
    ],
)
def test_flags_that_make_results_wrong_stop_the_build_at_once(built_tree, variable, value, flag):
    output = refused(built_tree, **{variable: value})
    assert output.startswith(f"nogil-kernels cannot be built with {flag}: ")
    assert f"Remove {flag} from {variable}, which is {value!r}." in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("flag", ["-ffast-math", "-ffinite-math-only", "-fno-signed-zeros"])
def test_such_flags_of_a_compiler_that_is_a_script_stop_the_build(built, tmp_path, flag):
    script = tmp_path / "gcc"
    script.write_text(f'#!/bin/sh\nexec {sysconfig.get_config_var("CC")} "$@" {flag}\n')
    script.chmod(0o755)
    assert "The compiler adds -ffast-math or a part of it" in refused(built, CC=str(script))


def test_the_error_of_a_failed_build_names_the_flags_of_the_environment(built):
    output = refused(built, CC="false", LDFLAGS="-Wl,-z,defs")
    assert "\nThe build of nogil-kernels failed: " in output
    assert "CC='false', LDFLAGS='-Wl,-z,defs'. Try without them." in output
    assert "Traceback" not in output


def test_the_error_of_a_build_without_a_compiler_has_no_blank_at_the_end_of_a_line(built):
    output = refused(built, PATH="")
    assert "\nIf the C compiler or the headers of Python are missing, " in output
    assert not re.search(" $", output, re.MULTILINE)


def test_quotes_that_do_not_match_are_an_error(built_tree):
    assert refused(built_tree, CFLAGS="-O2 '-DX=a") == (
        'CFLAGS must be words as in a shell, got "-O2 \'-DX=a": No closing quotation\n'
    )


def test_a_blank_build_is_the_default_and_others_are_an_error(built_tree):
    run(sys.executable, "setup.py", "--version", cwd=built_tree, NOGIL_KERNELS_BUILD="")
    assert "compiled (the default), abi3 or pure, got 'Compiled'" in refused(built_tree, NOGIL_KERNELS_BUILD="Compiled")
