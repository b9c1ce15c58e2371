"""Build the extensions. All other settings are in pyproject.toml.

docs/why.md explains each flag. On Linux and macOS, the user's CFLAGS and LDFLAGS come after these and override them.
"""

import os
import platform
import shlex
import sys
import sysconfig

from Cython.Build import cythonize
from setuptools import Extension, setup

# Extension -> sources.
EXTENSIONS = {
    "your_kernels.kernels": ["src/your_kernels/kernels.pyx"],
}

if sys.platform == "win32":
    COMPILE, LINK = ["/O2"], []
else:
    CFLAGS, LDFLAGS, LDSHARED = (shlex.split(os.environ.get(name, "")) for name in ("CFLAGS", "LDFLAGS", "LDSHARED"))
    if inexact := {"-Ofast", "-ffast-math", "-funsafe-math-optimizations"}.intersection(LDFLAGS + LDSHARED):
        sys.exit(f"LDFLAGS or LDSHARED has {min(inexact)}: before GCC 13, it turns tiny numbers to zero. Remove it.")
    COMPILE = ["-O3", "-g0", "-fvisibility=hidden", "-fno-omit-frame-pointer"]
    if platform.machine() in ("x86_64", "aarch64", "arm64"):
        COMPILE += ["-mno-omit-leaf-frame-pointer"]
    strips_symbols = sys.platform == "linux" and not any(flag.startswith("-g") for flag in CFLAGS)
    PIC = (sysconfig.get_config_var("CCSHARED") or "").split()
    COMPILE, LINK = [*COMPILE, *CFLAGS, *PIC], [*["-Wl,-s"] * strips_symbols, *LDFLAGS]

modules = [
    Extension(name, sources, extra_compile_args=COMPILE, extra_link_args=LINK) for name, sources in EXTENSIONS.items()
]
setup(ext_modules=cythonize(modules, build_dir="build/cython"))
