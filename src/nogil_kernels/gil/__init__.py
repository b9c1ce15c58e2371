"""Does a function hold the GIL, and what would threads gain? `probe` answers; the others are for tests."""

from .checks import assert_releases_gil, assert_scales, hold_gil, release_gil
from .probing import probe
from .report import GilReport

__all__ = ["GilReport", "assert_releases_gil", "assert_scales", "hold_gil", "probe", "release_gil"]
