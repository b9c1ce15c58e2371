"""Test the kernels without NumPy. cibuildwheel runs this script on processors for which NumPy has no wheels."""

import sys
from array import array

from nogil_kernels import build_info, matmul, sum_of_squares

info = build_info()
print(info)
assert info["backend"] == "compiled", info["backend_reason"]
for gil in ("hold", "release"):
    assert sum_of_squares(range(10_000_000), gil=gil) == 333333283333335000000
    assert sum_of_squares(array("d", range(1000)), gil=gil) == 332833500
    product = array("d", bytes(8 * 4))
    left = memoryview(array("d", range(6))).cast("B").cast("d", (2, 3))
    right = memoryview(array("d", range(6))).cast("B").cast("d", (3, 2))
    matmul(left, right, out=memoryview(product).cast("B").cast("d", (2, 2)), gil=gil)
    assert product.tolist() == [10, 13, 28, 40], product
assert "numpy" not in sys.modules
