VARIABLE: str
available: tuple[str, ...]
chosen: str
