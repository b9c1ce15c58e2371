"""The kernel as tests of the GIL and of threads call it: kernels -> a result that can be compared."""

from array import array

EDGES = {"short": 4, "medium": 50, "long": 300}  # long: some milliseconds


def matrix(rows, columns, numbers=None, format="d"):
    """A C-contiguous buffer of rows x columns, as NumPy's arrays are, without NumPy."""
    memory = memoryview(array(format, bytes(8 * rows * columns)[: rows * columns * array(format).itemsize]))
    for i, number in enumerate(numbers or ()):
        memory[i] = number
    return memory.cast("B").cast(format, (rows, columns))


FACTORS = {name: matrix(edge, edge, range(edge * edge)) for name, edge in EDGES.items()}


def call(kernels, name, gil):
    out = matrix(EDGES[name], EDGES[name])
    kernels.matmul(FACTORS[name], FACTORS[name], out, gil=gil)
    return out.tolist() if name != "long" else None


def short_call(kernels, gil="auto"):
    return call(kernels, "short", gil)


def medium_call(kernels, gil="auto"):
    return call(kernels, "medium", gil)


def long_call(kernels, gil="auto"):
    return call(kernels, "long", gil)
