"""Check the name of a distribution, and derive its import name."""

import builtins
import keyword
import re
import sys
from collections.abc import Mapping

DISTRIBUTION = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)  # allowed in pyproject.toml
MAX_LENGTH = 40  # a longer name makes lines of more than 120 characters, which the project's linter refuses
OWN_NAME = "nogil_kernels"

# Modules that some supported Python has and the running one may lack. sys.stdlib_module_names also lacks `test`.
OTHER_PYTHONS = """
    aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3
    mailcap msilib nis nntplib ossaudiodev pipes profiling smtpd sndhdr spwd sre_compile sre_constants sre_parse
    sunau telnetlib test uu xdrlib
"""
STANDARD_LIBRARY = sys.stdlib_module_names | set(OTHER_PYTHONS.split())

# Words that only Cython reserves: a .pyx file could not cimport from a package with such a name.
CYTHON = ("cdef", "cimport", "cpdef", "ctypedef", "include")

# Names that Windows reserves.
DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])


def import_name(name: str) -> str:
    """Return the import name of a distribution: fast_hash for "Fast-Hash"."""
    return re.sub(r"[-_.]+", "_", name).lower()


def why_invalid(name: str, reserved: Mapping[str, str]) -> str:
    """Return in one line why no project can have that name, or an empty string.

    `reserved` maps each forbidden import name to the reason, see template.reserved_names.
    """
    if not DISTRIBUTION.fullmatch(name):
        return f"a name must consist of ASCII letters and digits, with '-', '_' and '.' only between them, got {name!r}"
    if len(name) > MAX_LENGTH:
        return f"a name must have at most {MAX_LENGTH} characters, got {len(name)}"
    if DEVICES & {import_name(name), name.split(".")[0].lower()}:
        return f"{name!r} is a device on Windows, where no folder can have that name"
    if reason := why_not_importable(import_name(name), reserved):
        return f"{name!r} would be imported as {import_name(name)}, which {reason}"
    return ""


def why_not_importable(module: str, reserved: Mapping[str, str]) -> str:
    """Return why a project's package cannot have that import name, or an empty string."""
    if not module.isidentifier():
        return "starts with a digit"
    if keyword.iskeyword(module):
        return "is a keyword of Python"
    if module in CYTHON:
        return "is a keyword of Cython"
    if module in STANDARD_LIBRARY:
        return "is a module of Python's standard library"
    if hasattr(builtins, module):
        return f"would hide Python's builtin {module} in every file that imports it"
    if module == OWN_NAME:
        return "is the package that runs this command"
    return f"is {reserved[module]}" if module in reserved else ""
