"""The two functions that the experiment `overhead` compiles, and the errors without the tools to compile them."""

import sys

import numpy as np
import pytest

from bench import Impossible
from bench.overhead import overhead

pytestmark = pytest.mark.usefixtures("compiled_backend")


@pytest.fixture(scope="module")
def call_costs():
    return overhead.compile_call_costs()


def test_nothing_has_the_arguments_of_sum_of_squares_and_returns_none(call_costs):
    assert call_costs.nothing() is call_costs.nothing([1], axis=None, gil="hold", threads=1) is None
    with pytest.raises(TypeError):
        call_costs.nothing(out=1)


@pytest.mark.parametrize(("x", "plain"), [(np.ones(3), True), (b"abc", True), ([1], False), ("abc", False)])
def test_take_buffer_returns_whether_x_is_a_buffer_of_plain_numbers(call_costs, x, plain):
    assert call_costs.take_buffer(x) is plain


def test_take_buffer_releases_the_buffer(call_costs):
    buffer = bytearray(100)
    assert call_costs.take_buffer(buffer)
    buffer.append(1)


def test_without_cython_the_error_has_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "Cython.Build", None)
    with pytest.raises(Impossible, match=r"pip install 'Cython >= 3\.3' 'setuptools >= 80'"):
        overhead.compile_call_costs()


def test_without_a_compiler_the_error_has_a_remedy(call_costs, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(Impossible, match=r"no-such-compiler.* Set CC to a working C compiler"):
        overhead.compile_call_costs()
