"""Fixtures. A test that uses `kernels` runs on the compiled kernels and on their twins."""

import sys

import pytest
from ticker import Ticker

from your_kernels._backend import load


@pytest.fixture(params=["compiled", "pure"])
def kernels(request):
    return load(request.param)


@pytest.fixture
def compiled():
    """The compiled kernels, for tests that pure Python cannot pass."""
    return load("compiled")


@pytest.fixture
def ticker():
    """A running Ticker. The switch interval is so long that Python never makes a thread give up the GIL."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        pytest.skip("this interpreter runs without a GIL")
    previous_interval = sys.getswitchinterval()
    sys.setswitchinterval(3600)
    try:
        with Ticker() as running_ticker:
            yield running_ticker
    finally:
        sys.setswitchinterval(previous_interval)
