"""Questions on a terminal."""

import sys
from collections.abc import Callable
from typing import Any

from .answers import KERNELS, why_not
from .errors import Refused

QUESTIONS = {
    "name": "Name of the distribution",
    "kernel": f"Kernel to start with: {', '.join(KERNELS)}",
    "simd": "An instance for each instruction set, chosen at import: yes, no",
    "author": "Author",
    "email": "Email, public in the metadata",
    "repo": "Repository, OWNER/NAME",
}
YES_OR_NO = {"yes": True, "y": True, "no": False, "n": False}


def terminal() -> bool:
    """Is there somebody to ask?"""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def asking(why_not_name: Callable[[str], str]) -> Callable[[str, Any], Any]:
    """A function that asks a question until the answer will do; Enter takes the default."""

    def ask(name: str, default: Any) -> Any:
        shown = {True: "yes", False: "no"}.get(default, default) if name == "simd" else default
        while True:
            try:
                text = input(f"{QUESTIONS[name]}{f' [{shown}]' if shown else ''}: ").strip() or shown
            except EOFError:
                print()
                raise Refused("the questions were not answered") from None
            if name == "simd":
                if text.lower() in YES_OR_NO:
                    return YES_OR_NO[text.lower()]
                reason = "yes or no"
            elif not (reason := why_not_name(text) if name == "name" else why_not(name, text)):
                return text
            print(f"  {reason}")

    return ask
