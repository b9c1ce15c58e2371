available: tuple[str, ...]
chosen: str
compiler: str
