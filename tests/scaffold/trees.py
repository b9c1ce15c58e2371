"""What lies in a folder."""


def files_of(folder):
    """Every file below `folder`, but git's own: path -> content."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {path.as_posix(): (folder / path).read_bytes() for path in paths if path.parts[0] != ".git"}
