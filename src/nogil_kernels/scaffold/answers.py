"""The choices that make a project. They come from options, a terminal, git's configuration and the template."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from . import Refused, names
from .words import WORDS

KERNELS = tuple(WORDS)

# The template's placeholders, which remain in a project if nothing replaces them.
AUTHOR = "Your Name"
EMAIL = "you@example.org"
OWNER = "your-name"

# The addresses that setuptools accepts, except those with comments, quotes or numbers in brackets. It refuses
# root@localhost itself.
ATOM, LABEL = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+", r"\w(?:[\w-]*\w)?"
ADDRESS = re.compile(rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})+")
REPOSITORY = re.compile(r"[a-z0-9][a-z0-9_-]*/(?!\.{1,2}$)[a-z0-9._-]+(?<!\.git)", re.IGNORECASE | re.ASCII)
GIT_KEYS = {"author": "user.name", "email": "user.email", "repo": "github.user"}  # github.user is the owner
QUESTIONS = {
    "name": "Name of the distribution",
    "kernel": f"Example kernel: {', '.join(KERNELS)}",
    "simd": "Compile the kernel once per instruction set: yes, no",
    "author": "Author",
    "email": "Email (public in the metadata)",
    "repo": "GitHub repository, OWNER/NAME",
}
YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False}


@dataclass(frozen=True)
class Answers:
    """The choices that make a project from the template. Invalid ones raise Refused."""

    name: str
    kernel: str = KERNELS[0]
    simd: bool = False
    author: str = AUTHOR
    email: str = EMAIL
    repo: str = ""
    year: int = field(default_factory=lambda: time.localtime().tm_year)

    def __post_init__(self) -> None:
        if not self.repo:
            object.__setattr__(self, "repo", f"{OWNER}/{self.name}")
        for answer in fields(self):
            if reason := why_invalid(answer.name, getattr(self, answer.name)):
                raise Refused(reason)


def why_invalid(answer: str, value: Any) -> str:
    """Return in one line why `value` is invalid for the field `answer`, or an empty string."""
    if answer == "kernel" and value not in KERNELS:
        return f"kernel must be {' or '.join(KERNELS)}, got {value!r}"
    if answer == "author" and not (value.strip() and value.isprintable()):
        return f"author must be one line of printable characters, got {value!r}"
    if answer == "email" and not ADDRESS.fullmatch(value):
        return f"email must be an address like jane@example.org, got {value!r}"
    if answer == "repo" and not REPOSITORY.fullmatch(value):
        return f"repo must be OWNER/NAME, got {value!r}"
    return ""


def from_git(folder: str) -> dict[str, str]:
    """Return the values of GIT_KEYS that git's configuration has in this folder, or in the nearest one that exists."""
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    command = ["git", "config", "--null", "--get-regexp", "|".join(f"^{re.escape(key)}$" for key in GIT_KEYS.values())]
    try:
        output = subprocess.run(command, cwd=folder or ".", capture_output=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    entries = [entry.partition("\n") for entry in os.fsdecode(output).split("\0")]
    # If git has a key twice, the last value counts, as in git. Newlines and runs of blanks become one blank.
    return {key: value for key, _, text in entries if (value := " ".join(text.split()))}


def gather(
    from_options: Mapping[str, Any],
    git: Mapping[str, str],
    ask: Callable[[str, Any], Any] | None,
    check_name: Callable[[str], None],
) -> Answers:
    """Return the answers: from options, else from the terminal, else from git, else the template's placeholders.

    `ask(answer, default)` asks on a terminal, and is None without one. The user is never asked for what an
    option gives. If an option gives the name, the user is asked only for those of author, email and repo that git lacks
    too. `check_name(name)` raises Refused for a bad name, before the other questions. `git` is from `from_git`.
    """
    if "name" not in from_options and ask is None:
        raise Refused("NAME is missing, and without a terminal the command cannot ask for it")
    name = from_options["name"] if "name" in from_options or ask is None else ask("name", "")
    check_name(name)
    owner = git.get(GIT_KEYS["repo"], OWNER)
    defaults = {"kernel": KERNELS[0], "simd": False, "author": AUTHOR, "email": EMAIL, "repo": f"{owner}/{name}"}
    defaults |= {answer: git[key] for answer, key in GIT_KEYS.items() if key in git and answer != "repo"}
    not_in_git = [answer for answer, key in GIT_KEYS.items() if key not in git]
    questions = not_in_git if "name" in from_options else list(defaults)
    typed_answers = {field: ask(field, defaults[field]) for field in questions if ask and field not in from_options}
    chosen = {**typed_answers, **from_options}
    for answer, value in chosen.items():  # Answers would replace an empty `repo`
        if reason := why_invalid(answer, value):
            raise Refused(reason)
    for answer, key in GIT_KEYS.items():
        if key in git and answer not in chosen and (reason := why_invalid(answer, defaults[answer])):
            raise Refused(f"{reason}, from git's {key}. Use --{answer}")
    return Answers(**{**defaults, **chosen, "name": name})


def prompt(answer: str, default: Any, reserved: Mapping[str, str]) -> Any:
    """Ask on the terminal until the answer is valid, and return it. Enter takes the default."""
    shown_default = {True: "yes", False: "no"}.get(default, default) if answer == "simd" else default
    question = QUESTIONS[answer] + (f" [{shown_default}]" if shown_default else "")
    while True:
        try:
            text = input(f"{question}: ").strip() or shown_default
        except EOFError:
            print()
            raise Refused("input ended before all questions were answered") from None
        if answer == "simd":
            if text.lower() in YES_OR_NO:
                return YES_OR_NO[text.lower()]
            reason = "answer yes or no"
        elif not (reason := names.why_invalid(text, reserved) if answer == "name" else why_invalid(answer, text)):
            return text
        print(f"  {reason}")
