"""Answers: what a project is made of. They come from options, a terminal, git's configuration and the template."""

import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from . import Refused, names
from .kinds import KINDS

KERNELS = tuple(KINDS)

# What stands in a project where nobody has said anything else: the template's own words.
AUTHOR = "Your Name"
EMAIL = "you@example.org"
OWNER = "your-name"

ADDRESS = re.compile(r'[^@\s"\\<>]+@[^@\s"\\<>]+')
REPOSITORY = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9._-]+", re.IGNORECASE | re.ASCII)
GIT = {"user.name": "author", "user.email": "email", "github.user": "owner"}
QUESTIONS = {
    "name": "Name of the distribution",
    "kernel": f"Kernel to start with: {', '.join(KERNELS)}",
    "simd": "An instance for each instruction set, chosen at import: yes, no",
    "author": "Author",
    "email": "Email, public in the metadata",
    "repo": "Repository, OWNER/NAME",
}
YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False}
FROM_GIT = {"author": "author", "email": "email", "repo": "owner"}  # answer -> what git knows towards it


@dataclass(frozen=True)
class Answers:
    """What a project is made of, together with the template."""

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
        for each in fields(self):
            if reason := why_not(each.name, getattr(self, each.name)):
                raise Refused(reason)


def why_not(name: str, given: Any) -> str:
    """Why `given` cannot be the answer of that name, in one line; an empty string where it can."""
    if name == "kernel" and given not in KERNELS:
        return f"{given!r} is no kernel: {', '.join(KERNELS)}"
    if name == "author" and not given.strip():
        return "the author's name is empty"
    if name == "author" and (not given.isprintable() or set(given) & set('"\\')):
        return f"{given!r} cannot be the author's name: one line, without double quotes and backslashes"
    if name == "email" and not (ADDRESS.fullmatch(given) and given.isprintable()):
        return f"{given!r} is no email address"
    if name == "repo" and not REPOSITORY.fullmatch(given):
        return f"{given!r} is no repository: OWNER/NAME"
    return ""


def from_git() -> dict[str, str]:
    """What git's configuration knows of author, email and owner; nothing where there is no git."""
    command = ["git", "config", "--null", "--get-regexp", "|".join(f"^{re.escape(key)}$" for key in GIT)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    entries = [entry.partition("\n") for entry in done.stdout.decode(errors="replace").split("\0")]
    return {GIT[key]: value for key, _, value in entries if key in GIT and value}  # the last one counts, as for git


def gather(
    given: Mapping[str, Any],
    known: Mapping[str, str],
    ask: Callable[[str, Any], Any] | None,
    look: Callable[[str], None],
) -> Answers:
    """The answers: those given as options, else asked for, else known to git, else the template's words.

    `ask(question, default)` is None where nobody is there to ask. With a name at hand it asks for what git does not
    know, and without one for everything. `look` raises Refused for a name that will not do, before more is asked.
    """
    if "name" not in given and ask is None:
        raise Refused("no NAME, and no terminal to ask for one on")
    name = given["name"] if "name" in given or ask is None else ask("name", "")
    look(name)
    defaults = {
        "kernel": KERNELS[0],
        "simd": False,
        "author": known.get("author", AUTHOR),
        "email": known.get("email", EMAIL),
        "repo": f"{known.get('owner', OWNER)}/{name}",
    }
    unknown = [answer for answer, key in FROM_GIT.items() if key not in known]
    questions = unknown if "name" in given else list(defaults)
    asked = {each: ask(each, defaults[each]) for each in questions if ask and each not in given}
    return Answers(**{**defaults, **asked, **given, "name": name})


def prompt(answer: str, default: Any, taken: Mapping[str, str]) -> Any:
    """Ask on the terminal until the answer is valid, and return it; Enter takes the default. For `taken` see names."""
    shown = {True: "yes", False: "no"}.get(default, default) if answer == "simd" else default
    while True:
        try:
            text = input(f"{QUESTIONS[answer]}{f' [{shown}]' if shown else ''}: ").strip() or shown
        except EOFError:
            print()
            raise Refused("the questions were not answered") from None
        if answer == "simd":
            if text.lower() in YES_OR_NO:
                return YES_OR_NO[text.lower()]
            reason = "yes or no"
        elif not (reason := names.why_not(text, taken) if answer == "name" else why_not(answer, text)):
            return text
        print(f"  {reason}")
