"""The command `nogil-kernels new`: its options, and what it prints."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..scaffold import Refused

DESCRIPTION = """\
Write a complete project for a fast extension of your own: one Cython kernel that releases the GIL, its pure-Python
twin, tests, a benchmark, workflows that build wheels for every platform and publish them, and docs/why.md, which says
what each line is for. It needs nothing of this package. All of it is written, or nothing.
"""
EPILOG = """\
The import name follows from NAME: fast-hash is imported as fast_hash. Author and email come from git's configuration
(user.name, user.email), the repository's owner from github.user. What is known from nowhere is asked for on a terminal;
without NAME, everything is. Without a terminal nothing is asked, and the project says "Your Name" where you have not.

  nogil-kernels new fast-hash
  nogil-kernels new fast-hash --kernel elementwise --simd --repo jane/fast-hash
"""
ANSWERS = ("name", "kernel", "simd", "author", "email", "repo")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `new`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.usage = "nogil-kernels new [NAME] [options]"
    project = parser.add_argument_group("the project")
    project.add_argument("name", nargs="?", metavar="NAME", help="of the distribution: what pip will install")
    project.add_argument(
        "--kernel",
        metavar="KIND",
        help="the kernel to start with: reduction (an array to a number, the default) or elementwise (arrays to an"
        " array)",
    )
    project.add_argument(
        "--simd",
        action=argparse.BooleanOptionalAction,
        help="an instance for each instruction set, chosen at import",
    )
    project.add_argument("--author", metavar="NAME", help="for the licence and the metadata")
    project.add_argument("--email", metavar="ADDRESS", help="for the metadata, where everybody can read it")
    project.add_argument("--repo", metavar="OWNER/NAME", help="the repository on GitHub that publishes the wheels")
    doing = parser.add_argument_group("what to do with it")
    doing.add_argument(
        "--into", metavar="DIR", help="the project's folder, new or empty; by default NAME, in this folder"
    )
    doing.add_argument("--dry-run", action="store_true", help="say what would be written, and write nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make a project; return the exit status."""
    given = {name: getattr(options, name) for name in ANSWERS if getattr(options, name) is not None}
    try:
        return make(options, given)
    except Refused as reason:
        print(f"nogil-kernels new: {reason}", file=sys.stderr)
        return 2


def make(options: argparse.Namespace, given: Mapping[str, Any]) -> int:
    """Write a project, or with --dry-run say what would be written."""
    from ..scaffold import answers, names, template, writing

    source = template.load()
    taken = template.taken(source)

    def look(name: str) -> None:
        if reason := names.why_not(name, taken):
            raise Refused(reason)
        writing.check(folder_of(options, name))

    on_terminal = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
    ask = partial(answers.prompt, taken=taken) if on_terminal else None
    chosen = answers.gather(given, answers.from_git(), ask, look)
    project = template.render(source, chosen)
    folder = folder_of(options, chosen.name)
    if options.dry_run:
        print(*project, "", f"{summary(project, folder)} would be written; nothing was.", sep="\n")
        return 0
    writing.write(project, folder)
    kind = f"{chosen.kernel}{' with SIMD' * chosen.simd}, imported as {names.import_name(chosen.name)}"
    print(f"{summary(project, folder)}: {kind}.", *to_fill_in(project), sep="\n")
    print("", "Next:", "", *next_commands(folder), sep="\n")
    return 0


def folder_of(options: argparse.Namespace, name: str) -> Path:
    """The folder that the project of that name goes to."""
    return Path(os.path.abspath(options.into or name))


def summary(project: Mapping[str, str], folder: Path) -> str:
    """How much it is, and where."""
    return f"{len(project)} files, {sum(map(len, project.values())) / 1000:.0f} kB, in {folder}"


def to_fill_in(project: Mapping[str, str]) -> Iterator[str]:
    """What nobody has said, and the files where it stands."""
    from ..scaffold.answers import AUTHOR, EMAIL, OWNER

    for word in (AUTHOR, EMAIL, OWNER):
        if files := [path for path, text in project.items() if word in text]:
            yield f'To be filled in: "{word}" in {", ".join(files)}'


def next_commands(folder: Path) -> list[str]:
    """From here to the first green test, and to the first commit."""
    commands = [
        '    pip install -e ".[test]" && pytest',
        '    git init -b main && git add . && git commit -m "A new project"',
    ]
    here = Path.cwd()
    if folder == here:
        return commands
    place = str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
    return [f"    cd {quoted(place)}", *commands]


def quoted(path: str) -> str:
    """A path as the system's shell reads it."""
    if sys.platform == "win32":
        return f'"{path}"' if " " in path else path
    return shlex.quote(path)
