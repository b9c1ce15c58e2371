"""One call per code path of the kernels, with its operands, for tests of memory: leaks, failed allocations, growth."""

import array
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np


@dataclass
class KernelCall:
    """A call, its operands, and the error that it raises, if any."""

    call: Callable[[], Any]
    operands: list[Any]
    error: type[Exception] | None = None
    out: Any = None


class Exports:
    """An object that exports its array by one protocol."""

    def __init__(self, values, protocol):
        self.values = values
        self.protocol = protocol

    def __getattr__(self, name):
        if name == "__array_interface__" and self.protocol == name:
            return self.values.__array_interface__
        raise AttributeError(name)


class ByArray(Exports):
    def __array__(self, dtype=None, copy=None):
        return self.values


class ByDlpack(Exports):
    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


NAMES = ("sum_of_squares", "matmul")


def kernels_of(backend):
    """Return the functions of a backend, as the fixture `kernels` does. The pure ones do not warn about speed."""
    modules = {name: "pure_backend" if backend == "pure" else f"compiled.{name}" for name in NAMES}
    functions = {name: getattr(import_module(f"nogil_kernels.{modules[name]}"), name) for name in NAMES}
    import_module("nogil_kernels.pure_backend").notice = None
    return SimpleNamespace(name=backend, **functions)


def sums(kernels):
    """Return {name: call} of sum_of_squares: every kind of operand, and errors."""
    f = kernels.sum_of_squares
    x, a, numbers = np.arange(6.0), np.arange(12.0).reshape(3, 4), array.array("d", [1, 2, 3, 4])
    count = 130_000 if kernels.name == "compiled" else 130
    rows = np.ones((2, count))  # a row of compiled code has two chunks
    foreign, halves = x.astype(">f8"), x.astype(np.float16)
    unaligned = np.zeros(25, np.uint8)[1:].view(np.float64)
    ints, big = np.arange(-3, 9).reshape(4, 3), np.full((2, 3), 2**40)
    objects = np.array([Fraction(1, 2), 2, 3.5], object)
    view = memoryview(numbers)
    floats = (ctypes.c_double * 4)(1, 2, 3, 4)
    fractions, nested, members = [Fraction(1, 2), Fraction(3)], [[1, 2], [3, 4]], [x, x]
    by_array, by_dlpack, by_interface = ByArray(x, ""), ByDlpack(x, ""), Exports(x, "__array_interface__")
    time = np.datetime64(5, "s")
    ma = np.ma.array([1.0, 2.0], mask=[True, False])
    return {
        "array": KernelCall(lambda: f(x), [x]),
        "array, released": KernelCall(lambda: f(x, gil="release"), [x]),
        "strided array": KernelCall(lambda: f(a[::2, ::-1]), [a]),
        "integers": KernelCall(lambda: f(ints), [ints]),
        "integers of 128 bits": KernelCall(lambda: f(big), [big]),
        "complex": KernelCall(lambda: f(x[:4].view(np.complex128)), [x]),
        "float16": KernelCall(lambda: f(halves), [halves]),
        "foreign byte order": KernelCall(lambda: f(foreign), [foreign]),
        "unaligned": KernelCall(lambda: f(unaligned), [unaligned]),
        "0-d": KernelCall(lambda: f(np.float64(3)), []),
        "empty array": KernelCall(lambda: f(x[:0]), [x]),
        "memoryview": KernelCall(lambda: f(view[::2]), [view]),
        "array.array": KernelCall(lambda: f(numbers), [numbers]),
        "ctypes": KernelCall(lambda: f(floats), [floats]),
        "bytes": KernelCall(lambda: f(b"abc"), []),
        "axis": KernelCall(lambda: f(a, axis=0), [a]),
        "axis, integers": KernelCall(lambda: f(ints, axis=(-1,)), [ints]),
        "axis, chunks": KernelCall(lambda: f(rows, axis=1), [rows]),
        "axis, all": KernelCall(lambda: f(a, axis=(0, 1)), [a]),
        "axis, objects": KernelCall(lambda: f(objects, axis=0), [objects]),
        "axis, list": KernelCall(lambda: f(nested, axis=0), [nested]),
        "chunks": KernelCall(lambda: f(rows), [rows]),
        "range": KernelCall(lambda: f(range(5)), []),
        "range of chunks": KernelCall(lambda: f(range(2 * count)), []),
        "range beyond 64 bits": KernelCall(lambda: f(range(2**64, 2**64 + 3)), []),
        "list": KernelCall(lambda: f([1, 2.5, 3]), []),
        "nested list": KernelCall(lambda: f(nested), [nested]),
        "list of arrays": KernelCall(lambda: f(members), [members, x]),
        "fractions": KernelCall(lambda: f(fractions), [fractions]),
        "objects": KernelCall(lambda: f(objects), [objects]),
        "iterator": KernelCall(lambda: f(iter(nested)), [nested]),
        "__array__": KernelCall(lambda: f(by_array), [by_array, x]),
        "__dlpack__": KernelCall(lambda: f(by_dlpack), [by_dlpack, x]),
        "__array_interface__": KernelCall(lambda: f(by_interface), [by_interface, x]),
        "unknown gil": KernelCall(lambda: f(x, gil="no"), [x], ValueError),
        "threads below 1": KernelCall(lambda: f(x, threads=0), [x], ValueError),
        "no such axis": KernelCall(lambda: f(a, axis=2), [a], ValueError),
        "overflow": KernelCall(lambda: f(big, axis=0), [big], OverflowError),
        "text": KernelCall(lambda: f("text"), [], TypeError),
        "None": KernelCall(lambda: f([1, None]), [], TypeError),
        "ragged": KernelCall(lambda: f([[1], [1, 2]]), [], ValueError),
        "masked array": KernelCall(lambda: f(ma), [ma], TypeError),
        "date": KernelCall(lambda: f(time), [], TypeError),
    }


def products(kernels):
    """Return {name: call} of matmul: every kind of operand and out, and errors."""
    f = kernels.matmul
    a, b, out = np.arange(9.0).reshape(3, 3), np.eye(3) + 1, np.full((3, 3), 7.0)
    side = 260 if kernels.name == "compiled" else 6
    large, large_out = np.ones((side, side)), np.full((side, side), 7.0)
    v, stack, single, ints = np.arange(3.0), np.ones((2, 3, 3)), np.ones((3, 3), np.float32), np.eye(3, dtype=np.int8)
    longs, wide, int_out = ints.astype(np.int64), np.full((3, 3), 7.0 + 0j), np.full((3, 3), 7, np.int32)
    objects, nested = np.array([[Fraction(1, 2)]], object), [[1, 2], [3, 4]]
    cells = array.array("d", range(9))
    matrix = memoryview(cells).cast("B").cast("d", (3, 3))
    target = memoryview(bytearray(72)).cast("d", (3, 3))
    by_array, ma, locked = ByArray(a, ""), np.ma.array(np.eye(3), mask=np.eye(3)), np.eye(3)
    locked.flags.writeable = False
    c = np.eye(3)
    return {
        "product": KernelCall(lambda: f(a, b), [a, b]),
        "product, released": KernelCall(lambda: f(a, b, gil="release"), [a, b]),
        "product of strides": KernelCall(lambda: f(a[::-1, ::2], b[:2, ::-1]), [a, b]),
        "product of vectors": KernelCall(lambda: f(v, v), [v]),
        "product of nothing": KernelCall(lambda: f(a[:0], b), [a, b]),
        "product over nothing": KernelCall(lambda: f(a[:, :0], b[:0]), [a, b]),
        "product of stacks": KernelCall(lambda: f(stack[:, None], b), [stack, b]),
        "large product": KernelCall(lambda: f(large.T, large[::-1]), [large]),
        "symmetric product": KernelCall(lambda: f(large.T, large), [large]),
        "product of integers": KernelCall(lambda: f(longs, longs), [longs]),
        "product of bytes": KernelCall(lambda: f(ints, ints), [ints]),
        "product of two dtypes": KernelCall(lambda: f(single, a), [single, a]),
        "product of lists": KernelCall(lambda: f(nested, nested), [nested]),
        "product of objects": KernelCall(lambda: f(objects, objects), [objects]),
        "product of memoryviews": KernelCall(lambda: f(matrix, matrix), [matrix]),
        "product of __array__": KernelCall(lambda: f(by_array, b), [by_array, b]),
        "product of long double": KernelCall(lambda: f(v.astype("g"), v.astype("g")), [v]),
        "out": KernelCall(lambda: f(a, b, out=out), [a, b], out=out),
        "out, transposed": KernelCall(lambda: f(a, b, out=out.T), [a, b], out=out),
        "out, an operand": KernelCall(lambda: f(c, b, out=c), [b], out=c),
        "out, large": KernelCall(lambda: f(large, large[::-1], out=large_out), [large], out=large_out),
        "out, memoryview": KernelCall(lambda: f(matrix, matrix, out=target), [matrix], out=target),
        "out, memoryview of array": KernelCall(lambda: f(a, b, out=target), [a, b], out=target),
        "out, of another dtype": KernelCall(lambda: f(a, b, out=wide), [a, b], out=wide),
        "out, cast": KernelCall(lambda: f(ints, ints, out=int_out), [ints], out=int_out),
        "out, of objects": KernelCall(lambda: f([[Fraction(1, 2)]], [[2]], out=out[:1, :1]), [], TypeError, out=out),
        "shapes do not fit": KernelCall(lambda: f(a, b[:2]), [a, b], ValueError),
        "out of another shape": KernelCall(lambda: f(a, b, out=out[:2]), [a, b], ValueError, out=out),
        "out, read-only": KernelCall(lambda: f(a, b, out=locked), [a, b], ValueError, out=locked),
        "out, of integers": KernelCall(lambda: f(a, b, out=int_out), [a, b], TypeError, out=int_out),
        "product of a mask": KernelCall(lambda: f(ma, a), [ma, a], TypeError),
        "product of text": KernelCall(lambda: f(a, "text"), [a], TypeError),
    }


def shared(kernels):
    """Return {name: call} of calls that threads share. An executor that runs out of memory can keep its locks."""
    x, a, out = np.ones(4_000_000), np.ones((640, 640)), np.full((640, 640), 7.0)
    f, g = kernels.sum_of_squares, kernels.matmul
    return {
        "sum on threads": KernelCall(lambda: f(x, threads=2), [x]),
        "rows on threads": KernelCall(lambda: f(x.reshape(2, -1), axis=1, threads=2), [x]),
        "range on threads": KernelCall(lambda: f(range(6_000_000), threads=2), []),
        "product on threads": KernelCall(lambda: g(a, a[::-1], threads=2), [a]),
        "product on threads, out": KernelCall(lambda: g(a, a[::-1], out=out, threads=2), [a], out=out),
    }
