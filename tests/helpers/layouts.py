"""Memory layouts of arrays: the order of the axes, steps, gaps and alignment."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Layout:
    """A layout for arrays with len(order) axes. All lengths are in elements."""

    order: tuple[int, ...]  # the axes, the one with the largest stride first
    # Per axis, a multiple of the length of all axes after it in `order`. 0 repeats, a negative step is backwards.
    steps: tuple[int, ...]
    gaps: tuple[int, ...]  # per axis, added to the distance of its elements if the step is not 0
    shift: int = 0  # bytes from an aligned address to the array

    def strides(self, shape):
        """Return the strides, the index of the first element, and the length from the lowest to the highest one."""
        strides, first, length = [0] * len(shape), 0, 1
        for axis in reversed(self.order):
            step = self.steps[axis]
            distance = abs(step) * length + self.gaps[axis] if step else 0
            strides[axis] = -distance if step < 0 else distance
            reach = max(0, shape[axis] - 1) * distance
            first += reach if step < 0 else 0
            length += reach
        return strides, first, length

    def at_most(self, length, shape):
        """Return a layout in which the array has at most this length, if its steps can be made shorter."""
        if self.strides(shape)[2] <= length:
            return self
        return replace(self, steps=tuple(max(-1, min(step, 1)) for step in self.steps))

    def array(self, shape, dtype, memory, offset=0):
        """Return an array in memory, whose lowest byte is the one at `offset`."""
        itemsize = np.dtype(dtype).itemsize
        strides, first, _ = self.strides(shape)
        start = offset + self.shift + first * itemsize
        return np.ndarray(shape, dtype, memory, start, [stride * itemsize for stride in strides])

    def copy_of(self, values):
        """Return a copy of the values, and its memory. Bytes between the elements are 77, or 1 for bools."""
        size = self.strides(values.shape)[2] * values.itemsize + self.shift
        memory = np.full(size, 1 if values.dtype == bool else 77, np.uint8)
        copy = self.array(values.shape, values.dtype, memory)
        copy[...] = values
        return copy, memory


def with_gaps(order, step=1):
    """Return a layout whose axes cannot be merged, because their gaps differ. The last axis in `order` has `step`."""
    order = tuple(order)
    gaps = [len(order) + 1 - order.index(axis) if axis != order[-1] else 0 for axis in range(len(order))]
    return Layout(order, tuple(step if axis == order[-1] else 1 for axis in range(len(order))), tuple(gaps))
