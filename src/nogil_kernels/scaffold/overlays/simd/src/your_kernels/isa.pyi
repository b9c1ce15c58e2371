available: tuple[str, ...]
chosen: str
