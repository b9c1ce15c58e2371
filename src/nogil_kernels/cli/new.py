"""`nogil-kernels new`: create a project, and print the next commands."""

import argparse
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..scaffold import Refused
from ..workers.search_path import current_folder
from .outputs import note

DESCRIPTION = """\
Create a complete project for your own fast extension. It has a Cython kernel
that releases the GIL, its pure-Python twin, tests, benchmarks, and workflows
that build wheels for every platform and publish them. Its docs/why.md explains
each line that is not obvious. The project does not depend on nogil-kernels.
"""
EPILOG = """\
The import name follows from NAME: fast-hash is imported as fast_hash. Defaults
come from git's configuration: user.name, user.email and github.user. On a
terminal, the command asks for author, email and repository if git lacks them.
If NAME is missing, it asks for everything that no option gives. Without a
terminal it asks nothing and writes placeholders such as "Your Name".

  nogil-kernels new fast-hash
  nogil-kernels new fast-hash --kernel elementwise --simd --repo jane/fast-hash
"""
ANSWERS = ("name", "kernel", "simd", "author", "email", "repo")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `new` to its parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.usage = "nogil-kernels new [NAME] [options]"
    project = parser.add_argument_group("the project")
    project.add_argument("name", nargs="?", metavar="NAME", help="the distribution's name: what pip installs")
    project.add_argument(
        "--kernel",
        metavar="KERNEL",
        help="the example kernel: reduction (the default) computes one number from an array; elementwise computes an"
        " array from an array",
    )
    project.add_argument(
        "--simd",
        action=argparse.BooleanOptionalAction,
        help="compile the kernel once per instruction set, and choose one at import",
    )
    project.add_argument("--author", metavar="NAME", help="the author in the licence and the metadata")
    project.add_argument("--email", metavar="ADDRESS", help="the author's address in the metadata, which is public")
    project.add_argument("--repo", metavar="OWNER/NAME", help="the GitHub repository that publishes the wheels")
    output = parser.add_argument_group("output")
    output.add_argument(
        "--into", metavar="DIR", help="the project's folder: new, empty, or a clone with only .git; by default ./NAME"
    )
    output.add_argument("--dry-run", action="store_true", help="list the files and write nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Create a project and return the exit status."""
    answers = {name: getattr(options, name) for name in ANSWERS if getattr(options, name) is not None}
    try:
        return create(options, answers)
    except Refused as error:
        note(f"nogil-kernels new: {error}")
        return 2


def create(options: argparse.Namespace, from_options: Mapping[str, Any]) -> int:
    """Write a project and print the next commands, or list the files with --dry-run. Return the exit status."""
    from ..scaffold import answers, names, template, writing

    files = template.load()
    reserved = template.reserved_names(files)

    def check_name(name: str) -> None:
        if reason := names.why_invalid(name, reserved):
            raise Refused(reason)
        writing.check(folder_of(options, name))

    on_terminal = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
    ask = partial(answers.prompt, reserved=reserved) if on_terminal else None
    git = answers.from_git(os.path.expanduser(options.into or "."))
    project_answers = answers.gather(from_options, git, ask, check_name)
    project = template.render(files, project_answers)
    folder = folder_of(options, project_answers.name)
    if options.dry_run:
        print(*project, "", f"Dry run, nothing was written: {summary(project, folder)}", sep="\n")
        return 0
    writing.write(project, folder)
    variant = f"{project_answers.kernel}{' with SIMD' * project_answers.simd}"
    module = names.import_name(project_answers.name)
    print(f"{summary(project, folder)}: {variant}, imported as {module}.", *placeholders(project), sep="\n")
    print("", "Next:", "", *next_commands(folder), sep="\n")
    return 0


def folder_of(options: argparse.Namespace, name: str) -> Path:
    """Return the folder for a project called `name`."""
    text = name if options.into is None else options.into
    path = os.path.expanduser(text)  # bash does not expand the ~ in --into=~/x
    if not path or path.startswith("~") or not path.isprintable():
        raise Refused(f"--into must be a folder with a printable name, got {text!r}")
    try:
        return Path(os.path.abspath(path))
    except FileNotFoundError:
        raise Refused("the current folder was removed. Use --into with an absolute path") from None


def summary(project: Mapping[str, str], folder: Path) -> str:
    """Return the number of files, their size and their folder."""
    return f"{len(project)} files, {sum(map(len, project.values())) / 1000:.0f} kB, in {folder}"


def placeholders(project: Mapping[str, str]) -> Iterator[str]:
    """Yield a line per placeholder that the project contains, with its files."""
    from ..scaffold.answers import AUTHOR, EMAIL, OWNER

    for word in (AUTHOR, EMAIL, OWNER):
        if paths := [path for path, text in project.items() if word in text]:
            yield f'Replace the placeholder "{word}" in {", ".join(paths)}'


def next_commands(folder: Path) -> list[str]:
    """Return the commands that enter the folder, run the tests and commit."""
    commands = [
        '    pip install -e ".[test]" && pytest',
        "    "
        + "git init -b main && " * (not (folder / ".git").exists())
        + 'git add . && git commit -m "A new project"',
    ]
    current = current_folder()
    if str(folder) == current:
        return commands
    path = str(folder.relative_to(current)) if current and folder.is_relative_to(current) else str(folder)
    return [f"    cd {quoted(path)}", *commands]


def quoted(path: str) -> str:
    """Return `path` quoted for the system's shell."""
    if sys.platform == "win32":
        return f'"{path}"' if " " in path else path
    return shlex.quote(path)
