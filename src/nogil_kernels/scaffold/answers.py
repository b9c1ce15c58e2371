"""The choices that make a project. They come from options, a terminal, git's configuration and the template."""

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

ADDRESS = re.compile(r'[^@\s"\\<>]+@[^@\s"\\<>]+')
REPOSITORY = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9._-]+", re.IGNORECASE | re.ASCII)
GIT_KEYS = {"user.name": "author", "user.email": "email", "github.user": "owner"}  # git's key -> key of from_git()
QUESTIONS = {
    "name": "Name of the distribution",
    "kernel": f"Example kernel: {', '.join(KERNELS)}",
    "simd": "Compile the kernel once per instruction set: yes, no",
    "author": "Author",
    "email": "Email (public in the metadata)",
    "repo": "GitHub repository, OWNER/NAME",
}
YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False}
KEY_OF_ANSWER = {"author": "author", "email": "email", "repo": "owner"}  # answer -> key of from_git()


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
    if answer == "author" and not value.strip():
        return "author must not be empty"
    if answer == "author" and (not value.isprintable() or set(value) & set('"\\')):
        return f"author must be one line without double quotes and backslashes, got {value!r}"
    if answer == "email" and not (ADDRESS.fullmatch(value) and value.isprintable()):
        return f"email must be an address like jane@example.org, got {value!r}"
    if answer == "repo" and not REPOSITORY.fullmatch(value):
        return f"repo must be OWNER/NAME, got {value!r}"
    return ""


def from_git() -> dict[str, str]:
    """Return author, email and owner as far as git's configuration has them. Without git the result is empty."""
    command = ["git", "config", "--null", "--get-regexp", "|".join(f"^{re.escape(key)}$" for key in GIT_KEYS)]
    try:
        output = subprocess.run(command, capture_output=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    entries = [entry.partition("\n") for entry in output.decode(errors="replace").split("\0")]
    # If git has a key twice, the last value counts, as in git.
    return {GIT_KEYS[key]: value for key, _, value in entries if key in GIT_KEYS and value}


def gather(
    from_options: Mapping[str, Any],
    git: Mapping[str, str],
    ask: Callable[[str, Any], Any] | None,
    check_name: Callable[[str], None],
) -> Answers:
    """Return the answers: from options, else from the terminal, else from git, else the template's placeholders.

    `ask(answer, default)` asks on a terminal, and is None without one. The user is never asked for what an
    option gives. If an option gives the name, the user is asked only for those of author, email and repo that git lacks
    too. `check_name(name)` raises Refused for a bad name, before the other questions.
    """
    if "name" not in from_options and ask is None:
        raise Refused("NAME is missing, and without a terminal the command cannot ask for it")
    name = from_options["name"] if "name" in from_options or ask is None else ask("name", "")
    check_name(name)
    defaults = {
        "kernel": KERNELS[0],
        "simd": False,
        "author": git.get("author", AUTHOR),
        "email": git.get("email", EMAIL),
        "repo": f"{git.get('owner', OWNER)}/{name}",
    }
    not_in_git = [answer for answer, key in KEY_OF_ANSWER.items() if key not in git]
    questions = not_in_git if "name" in from_options else list(defaults)
    typed_answers = {field: ask(field, defaults[field]) for field in questions if ask and field not in from_options}
    return Answers(**{**defaults, **typed_answers, **from_options, "name": name})


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
