"""Sums of squares. sum_of_squares.pyx has the loop nest. numba and SciPy find the C functions in __pyx_capi__."""

from .sum_of_squares import __pyx_capi__ as __pyx_capi__
from .sum_of_squares import sum_of_squares as sum_of_squares
from .sum_of_squares import sum_of_squares_plain as sum_of_squares_plain
from .sum_of_squares import sum_of_squares_rows as sum_of_squares_rows
