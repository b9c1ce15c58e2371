"""What the session needs, from the package registries that pip, apt and npm are set up for; kept between runs.

Nothing is installed and no root is needed: packages are unpacked below `CACHE`. A folder is complete when it has its
final name, so a download that was cut off is begun anew.
"""

import contextlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from parts import CACHE, Cannot, run, scratch

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name in the cache, which `make` fills where it is missing."""
    folder = CACHE / PYTHON / name
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            make(unfinished)
        except (RuntimeError, subprocess.TimeoutExpired, FileNotFoundError) as error:
            raise Cannot(f"{name} cannot be had here: {str(error).splitlines()[-1]}") from error
        unfinished.rename(folder)
    return folder


def wheels(name: str, platforms: list[str], *requirements: str) -> Path:
    """A site-packages folder for this Python's version on another platform."""

    def make(folder: Path) -> None:
        words = [word for platform in platforms for word in ("--platform", platform)]
        fetched = scratch()
        run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", PYTHON),
            *(*words, "--dest", fetched, *requirements),
        )
        for wheel in fetched.iterdir():
            unpack(wheel, folder)

    return kept(name, make)


def unpack(wheel: Path, folder: Path) -> None:
    """What an installer does with a wheel that has no scripts."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def debian(name: str, architecture: str, *packages: str, dependencies: bool) -> Path:
    """Debian packages of an architecture, unpacked; with all that they depend on where `dependencies`."""

    def make(folder: Path) -> None:
        if shutil.which("apt-get") is None:
            raise Cannot("this is no Debian: apt-get is missing")
        apt = Apt(architecture)
        for package in apt.download(packages, dependencies):
            run("dpkg-deb", "-x", package, folder)

    return kept(name, make)


def python_source() -> Path:
    """CPython's own source as Debian keeps it: the headers of every platform, and Windows' pyconfig.h."""

    def make(folder: Path) -> None:
        if shutil.which("apt-get") is None:
            raise Cannot("this is no Debian: apt-get is missing")
        archive = Apt(None).source(f"python{PYTHON}")
        run("tar", "--extract", "--file", archive, "--strip-components=1", "--directory", folder)

    return kept("cpython-source", make)


def npm(package: str) -> Path:
    """A package of npm, in a folder to import it from."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Cannot("node and npm are missing")

    def make(folder: Path) -> None:
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", package, cwd=folder)

    return kept(f"npm-{package}", make)


class Apt:
    """apt with lists and caches of its own, for an architecture that need not be this machine's, or for sources."""

    def __init__(self, architecture: str | None) -> None:
        self.folder = scratch()
        (self.folder / "status").touch()  # nothing is installed: every dependency is wanted
        for name in ("lists/partial", "archives/partial", "sources"):
            (self.folder / name).mkdir(parents=True)
        self.options = {
            "Dir::State": self.folder,
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder,
            "APT::Sandbox::User": "root",
        }
        if architecture is None:
            self.ask_for_sources()
        else:
            self.options |= {"APT::Architecture": architecture, "APT::Architectures": architecture}
        self.run("update", "--error-on=any")

    def ask_for_sources(self) -> None:
        """The machine's list of mirrors, for source packages."""
        here = Path("/etc/apt/sources.list.d/debian.sources")
        if not here.exists():
            raise Cannot(f"{here} is missing, where Debian names its mirrors")
        (self.folder / "sources" / here.name).write_text(here.read_text().replace("Types: deb\n", "Types: deb-src\n"))
        self.options |= {"Dir::Etc::sourceparts": self.folder / "sources", "Dir::Etc::sourcelist": "/dev/null"}

    def run(self, *words: str) -> None:
        options = [word for name, value in self.options.items() for word in ("-o", f"{name}={value}")]
        run("apt-get", "--quiet", *options, *words, cwd=self.folder / "archives")

    def download(self, packages: tuple[str, ...], dependencies: bool) -> list[Path]:
        if dependencies:
            self.run("install", "--yes", "--no-install-recommends", "--download-only", *packages)
        else:
            self.run("download", *packages)
        return list((self.folder / "archives").glob("*.deb"))

    def source(self, package: str) -> Path:
        """The upstream archive. Debian's changes are not needed, and a mirror may lag behind with them."""
        with contextlib.suppress(RuntimeError):  # the archive tells
            self.run("source", "--download-only", package)
        for archive in (self.folder / "archives").glob("*.orig.tar.*"):
            if archive.suffix != ".asc":
                return archive
        raise Cannot(f"the mirror has no source of {package}")
