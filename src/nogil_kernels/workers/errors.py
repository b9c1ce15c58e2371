"""Errors of ways and workloads."""

import importlib
import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches


class Unknown(ValueError):
    """The request cannot be met: a name does not exist, or a number is out of range. The text says what is expected."""


class Exited(RuntimeError):
    """The measured function called sys.exit."""


class Unavailable(RuntimeError):
    """A way or workload does not work in this environment. The text gives the reason and the remedy."""


class Failed(RuntimeError):
    """Nothing could be measured. The text says why, with the traceback of the measured function if it raised."""


def unknown(kind: str, name: str, names: Iterable[str], other: str) -> Unknown:
    """Return the error for a name that is none of `names`. `other` describes what else is accepted."""
    near = get_close_matches(name, names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return Unknown(f"unknown {kind} {name!r}: expected one of {', '.join(names)}, or {other}{hint}")


def one_line(error: BaseException) -> str:
    """Return the error as one line of at most 200 characters, for a note."""
    text = " ".join(str(error).split())[:200]
    return text if isinstance(error, (Unavailable, Exited)) else f"{type(error).__name__}: {text}"


def described(error: Exception) -> str:
    """Return the traceback from the user's function on, or the whole traceback if the error is our own."""
    return user_traceback(error) or "".join(traceback.format_exception(error)).rstrip()


def user_traceback(error: Exception) -> str:
    """Return the part of the traceback that starts in the user's function, or "" if the error is our own."""
    if isinstance(error, Exited):
        return str(error).capitalize()
    package_folder = os.path.dirname(os.path.dirname(__file__)) + os.sep
    entry, user_entry = error.__traceback__, None
    while entry:
        name = entry.tb_frame.f_code.co_filename
        if name.startswith(package_folder):
            user_entry = None
        elif user_entry is None and not name.startswith("<frozen ") and name != importlib.__file__:
            user_entry = entry
        entry = entry.tb_next
    if user_entry is None and isinstance(error.__cause__, Exception):
        return user_traceback(error.__cause__)
    if user_entry is None and not isinstance(error, SyntaxError):  # the text of a SyntaxError names file and line
        return ""
    return "".join(traceback.format_exception(type(error), error, user_entry)).rstrip()
