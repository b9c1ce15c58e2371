"""macOS: both processors, linked only. Nothing that runs its programs is to be had from a registry."""

from collections.abc import Callable

from downloads import PYTHON
from parts import Outcome
from zig import Target, build, copy_of_tree


def linked(triple: str, machine: str) -> Callable[[Outcome], None]:
    """The wheel for one processor. pyconfig.h is this machine's: types have the same sizes on both systems."""

    def part(outcome: Outcome) -> None:
        target = Target(
            triple,
            f"macosx-11.0-{machine}",
            f".cpython-{PYTHON.replace('.', '')}-darwin.so",
            link_flags=("-undefined", "dynamic_lookup"),
        )
        build(target, outcome, copy_of_tree())

    return part
