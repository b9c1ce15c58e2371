"""Names: from a distribution's name to its import name, and the reasons to refuse one."""

import builtins
import keyword
import re
import sys
from collections.abc import Mapping

DISTRIBUTION = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)  # as pyproject.toml takes it
LONGEST = 40  # with a longer one, lines of the project would have more than 120 characters, which its linter refuses
OWN_NAME = "nogil_kernels"

# Modules that some supported Python has and the one that runs this may not have. `test` is in no list of Python's.
OTHER_PYTHONS = """
    aifc annotationlib asynchat asyncore audioop cgi cgitb chunk compression crypt distutils imghdr imp lib2to3
    mailcap msilib nis nntplib ossaudiodev pipes profiling smtpd sndhdr spwd sre_compile sre_constants sre_parse
    sunau telnetlib test uu xdrlib
"""
STANDARD_LIBRARY = sys.stdlib_module_names | set(OTHER_PYTHONS.split())

# Words that Cython reserves beside Python's: no .pyx could cimport from a package of that name.
CYTHON = ("cdef", "cimport", "cpdef", "ctypedef", "include")

DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))])


def import_name(name: str) -> str:
    """What a distribution of that name is imported as: "Fast-Hash" as fast_hash."""
    return re.sub(r"[-_.]+", "_", name).lower()


def why_not(name: str, taken: Mapping[str, str]) -> str:
    """Why no project can have that name, in one line; an empty string where one can."""
    if not DISTRIBUTION.fullmatch(name):
        return f"{name!r} is no name for pip: letters and digits of ASCII, with '-', '_' and '.' between them"
    if len(name) > LONGEST:
        return f"a name of {len(name)} characters is too long for lines of 120: at most {LONGEST}"
    if DEVICES & {import_name(name), name.split(".")[0].lower()}:
        return f"{name!r} is a device on Windows, and no name for a folder there"
    if reason := why_not_imported(import_name(name), taken):
        return f"{name!r} would be imported as {import_name(name)}, which {reason}"
    return ""


def why_not_imported(module: str, taken: Mapping[str, str]) -> str:
    """Why no module of a project can have that name; an empty string where one can."""
    if not module.isidentifier():
        return "begins with a digit"
    if keyword.iskeyword(module):
        return "is a keyword of Python"
    if module in CYTHON:
        return "is a keyword of Cython"
    if module in STANDARD_LIBRARY:
        return "is a module of Python's standard library"
    if hasattr(builtins, module):
        return f"would hide Python's own {module} in every file that imports it"
    if module == OWN_NAME:
        return "is the package that you are running"
    return f"is {taken[module]}" if module in taken else ""
