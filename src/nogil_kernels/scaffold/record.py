"""The record: .template.toml, which says what a project was made from."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from .answers import Answers
from .errors import Refused

NAME = ".template.toml"
HEAD = """\
# What this project was made from. `new --diff` reads it, to tell what a newer template would change: keep it, and
# commit it with the files that it names. To change an answer, give `new --diff` the new one and apply the patch.
"""
FILES = "# The id that git gives to each file as the template has it: one with another id has been edited since."


@dataclass(frozen=True)
class Record:
    """What a project was made from."""

    version: str
    answers: Answers
    files: Mapping[str, str]  # path -> blob id


def blob_id(content: bytes) -> str:
    """The name under which git keeps a file of that content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def record(version: str, answers: Answers, project: Mapping[str, bytes]) -> Record:
    """The record of a project as it was made."""
    return Record(version, answers, {path: blob_id(content) for path, content in sorted(project.items())})


def dump(made: Record) -> bytes:
    """The record as TOML. JSON's strings, true and false are TOML's, too."""
    lines = [HEAD, f"version = {json.dumps(made.version)}", "", "[answers]"]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in asdict(made.answers).items()]
    lines += ["", FILES, "[files]"]
    lines += [f"{json.dumps(path)} = {json.dumps(name)}" for path, name in made.files.items()]
    return ("\n".join(lines) + "\n").encode()


def load(content: bytes) -> Record:
    """The record that `dump` wrote."""
    try:
        read = tomllib.loads(content.decode())
        answers = Answers(**read["answers"])
        made = Record(str(read["version"]), answers, {str(path): str(name) for path, name in read["files"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, Refused):
            raise Refused(f"{NAME}: {error}") from None
        raise Refused(f"{NAME} cannot be read: {' '.join(str(error).split())}") from None
    return made
