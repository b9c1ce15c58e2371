"""One suite for both backends: a test that asks for `kernels` runs on the compiled kernels and on their twins."""

import sys

import pytest
from ticker import Ticker

from your_kernels._backend import load


@pytest.fixture(params=["compiled", "pure"])
def kernels(request):
    return load(request.param)


@pytest.fixture
def compiled():
    """For what plain Python cannot do."""
    return load("compiled")


@pytest.fixture
def ticker():
    """A Ticker, while no thread is made to give the GIL up."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("no GIL to hold or release in this interpreter")
    before = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    try:
        with Ticker() as running:
            yield running
    finally:
        sys.setswitchinterval(before)
