"""One suite for both backends: a test that asks for `kernels` runs on the compiled kernels and on their twins."""

import pytest

from your_kernels.backend import load


@pytest.fixture(params=["compiled", "pure"])
def kernels(request):
    return load(request.param)


@pytest.fixture
def compiled():
    """For what plain Python cannot do."""
    return load("compiled")
