"""Fail each allocation of a call, one after the other: `python failed_allocations.py BACKEND GROUP...`.

It prints a line per call, "name: n sites", and exits with an error at the first call that does not pass. A site is an
allocation. A group is a function of kernel_calls.py, or the name of one of its calls. Of calls that raise by
themselves, only the first allocations fail: CPython 3.13 loses an exception, and then crashes, if an allocation fails
while the exception is raised.
"""

import _testcapi
import gc
import itertools
import os
import sys
import time
from types import CodeType, FunctionType

import kernel_calls
import numpy as np

from nogil_kernels import exports

PROBES = 50  # allocations after the call: one of them fails if the call had too few
ERROR_SITES = 4  # allocations of a call that raises by itself
SHARED = "shared"
COPIED = ("out, an operand", "out, of another dtype", "out, cast")  # C is computed elsewhere and copied to out
LOSES_REFERENCES = sys.version_info < (3, 13)  # CPython can keep an argument when a call fails (seen, not explained)
LEAKS_IN_NUMPY = ("__array_interface__",)  # NumPy leaks references in these calls


def fail(call, number):
    """Make the call while its allocation of this number fails. Return result, error, and whether the call had it."""
    result = error = None
    probes = 0
    is_hit = True
    _testcapi.set_nomemory(number, number + 1)
    try:
        result = call()
    except BaseException as raised:
        error = raised
    while probes < PROBES:  # an iterator would be an allocation
        probes += 1
        try:
            _ = [None] * 20
        except MemoryError:
            is_hit = False
    _testcapi.remove_mem_hooks()
    if error is not None:  # without memory for a MemoryError, CPython raises one that exists forever
        error.__traceback__ = error.__context__ = None
    return result, error, is_hit


def content(value):
    """Return the bytes of an array or buffer, or the text of other values."""
    try:
        return memoryview(value).tobytes()
    except (TypeError, ValueError, NotImplementedError):
        return repr(value)


def is_same(result, expected):
    """Return whether the result has the type and value of the expected one. The content of a memoryview may differ."""
    if isinstance(expected, np.ndarray):
        return (
            isinstance(result, np.ndarray) and result.dtype == expected.dtype and result.tolist() == expected.tolist()
        )
    return type(result) is type(expected) and (result == expected or isinstance(result, memoryview))


def outcome(call):
    """Return a copy of the result of a call, or the type of its error."""
    try:
        result = call()
    except Exception as error:
        return type(error)
    return result.copy() if isinstance(result, np.ndarray) else result


def check(name, case, may_change_out):
    """Fail every allocation of the call. Return the number of sites."""
    watched = [*case.operands, *([] if case.out is None else [case.out])]
    start = None if case.out is None else content(case.out)
    expected = outcome(case.call)
    assert case.error is None or issubclass(expected, case.error), (name, expected)
    end = None if case.out is None else content(case.out)
    contents = [content(operand) for operand in case.operands]
    gc.collect()
    references, state = counts(watched), global_state()
    for number in itertools.count():
        place = f"{name}: allocation {number}"
        reset(case.out, start)
        result, error, is_hit = fail(case.call, number)
        if error is None:
            assert case.error is None, f"{place}: no error"
            assert is_same(result, expected), f"{place}: {result!r}"
            assert case.out is None or content(case.out) == end, f"{place}: out is wrong"
        else:
            is_expected = isinstance(error, (MemoryError, case.error or MemoryError)) or is_foreign(error)
            assert is_expected, f"{place}: {error!r}"
            assert may_change_out or case.out is None or content(case.out) == start, f"{place}: out has changed"
        result = error = None
        assert [content(operand) for operand in case.operands] == contents, f"{place}: an operand has changed"
        assert global_state() == state, f"{place}: {global_state()}"
        is_intact = LOSES_REFERENCES or name in LEAKS_IN_NUMPY or has_references(watched, references)
        assert is_intact, f"{place}: {counts(watched)} references, expected {references}"
        reset(case.out, start)
        assert is_same(outcome(case.call), expected), f"{place}: the next call is wrong"
        references = counts(watched)
        if not is_hit or (case.error and number == ERROR_SITES):
            break
    return number


def is_foreign(error):
    """Return whether CPython has lost a MemoryError in Python code, or NumPy has: it reads a buffer as a sequence."""
    if isinstance(error, SystemError):
        return not any(function in str(error) for function in kernel_calls.NAMES)
    return isinstance(error, TypeError) and "is a buffer of format" in str(error)


def counts(values):
    """Return the numbers of references to values."""
    return [sys.getrefcount(value) for value in values]


def has_references(values, expected):
    """Return whether values have these numbers of references once threads have ended and cycles are collected."""
    deadline = time.monotonic() + 1
    while counts(values) != expected and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    return counts(values) == expected


def global_state():
    """Return what a call changes and must restore. np.errstate itself does not restore its state without memory."""
    return issubclass(UserWarning, exports._AnyWarning)


def reset(out, start):
    """Give out the content that it had at first."""
    if out is not None and not memoryview(out).readonly:
        np.asarray(out).view(np.uint8).reshape(-1)[:] = np.frombuffer(start, np.uint8)


def references_to_code():
    """Return many references to all code of nested functions.

    CPython 3.13 loses one when it cannot create a function, and then frees code that is in use.
    """
    new = {value.__code__ for value in gc.get_objects() if isinstance(value, FunctionType)}
    nested = set()
    while new := {code for outer in new for code in outer.co_consts if isinstance(code, CodeType)} - nested:
        nested |= new
    return [[code] * 1000 for code in nested]


def main(backend, *groups):
    kernels = kernel_calls.kernels_of(backend)
    sys.setswitchinterval(1e-3)
    gc.disable()  # a collection allocates
    all_cases = {group: getattr(kernel_calls, group)(kernels) for group in ("sums", "products", SHARED)}
    cases = [(group, *pair) for group in all_cases for pair in all_cases[group].items() if {group, pair[0]} & {*groups}]
    for _, _, case in cases:
        outcome(case.call)  # imports modules and fills caches
    _references = references_to_code()
    for group, name, case in cases:
        print(f"{name}: ", end="", flush=True)
        print(check(name, case, group == SHARED or backend == "pure" or name in COPIED), "sites", flush=True)
    os._exit(0)  # frees nothing: CPython has lost some of the references


if __name__ == "__main__":
    main(*sys.argv[1:])
