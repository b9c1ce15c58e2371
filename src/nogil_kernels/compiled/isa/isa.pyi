__pyx_capi__: dict[str, object]

available: tuple[str, ...]
chosen: str
compiler: str
is_abi3: bool
is_main_interpreter: bool
