"""What to say when an optional extra of the package is not installed."""

from importlib import import_module


class MissingExtra(ImportError):
    """An optional extra is not installed; the text says which module is missing, and the command."""


def require(extra: str, *modules: str) -> None:
    """Import `modules`, or raise MissingExtra with the one command that brings them: that of `extra`.

    Only a module's own absence is reported so. One that is there and fails to import keeps its own error.
    """
    for module in modules:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            command = f"pip install 'nogil-kernels[{extra}]', or in a clone pip install '.[{extra}]'"
            raise MissingExtra(f"{module} is not installed: {command}") from None
