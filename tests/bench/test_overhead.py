"""The two functions that the overhead experiment compiles: a call by itself, and taking a buffer."""

import sys

import numpy as np
import pytest

from bench import Impossible
from bench.overhead import overhead

pytestmark = pytest.mark.usefixtures("compiled_backend")


@pytest.fixture(scope="module")
def call_costs():
    return overhead.compile_call_costs()


def test_nothing_does_nothing_and_takes_what_a_kernel_takes(call_costs):
    nothing = call_costs.nothing
    assert nothing() is nothing([1], axis=None, gil="hold", threads=1) is None
    with pytest.raises(TypeError):
        nothing(out=1)


@pytest.mark.parametrize(("x", "plain"), [(np.ones(3), True), (b"abc", True), ([1], False), ("abc", False)])
def test_take_buffer_tells_whether_x_is_a_buffer_of_plain_numbers(call_costs, x, plain):
    assert call_costs.take_buffer(x) is plain


def test_a_buffer_that_was_taken_is_free_again(call_costs):
    buffer = bytearray(100)
    assert call_costs.take_buffer(buffer)
    buffer.append(1)


def test_without_cython_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "Cython.Build", None)
    with pytest.raises(Impossible, match=r"pip install 'Cython >= 3\.3' 'setuptools >= 80'"):
        overhead.compile_call_costs()


def test_without_a_compiler_it_says_so(call_costs, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(Impossible, match=r"a working C compiler: .*no-such-compiler"):
        overhead.compile_call_costs()
