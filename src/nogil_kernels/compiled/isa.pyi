__pyx_capi__: dict[str, object]

available: tuple[str, ...]
chosen: str
compiler: str
is_main_interpreter: bool
