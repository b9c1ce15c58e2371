"""The error for an optional extra that is not installed."""

from importlib import import_module


class MissingExtra(ImportError):
    """An optional extra is not installed. The message names the missing module and the command that installs it."""


def require(extra: str, *modules: str) -> None:
    """Import `modules`. Raise MissingExtra, with the command that installs `extra`, if one of them is missing.

    An installed module that fails to import keeps its own error.
    """
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise MissingExtra(f"{module} is not installed. Run {command(extra)}.") from None


def command(extra: str) -> str:
    """Return the command that installs the packages of an extra. It works in a clone and without a release, too."""
    import shlex
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("nogil-kernels") or []
    except PackageNotFoundError:  # a copy of the package without its metadata
        return f"pip install '.[{extra}]' in a clone"
    packages = [line.partition(";")[0].strip() for line in lines if line.endswith(f'extra == "{extra}"')]
    return f"pip install {shlex.join(packages)}"
