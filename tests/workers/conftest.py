"""Memory to share."""

import pytest

from nogil_kernels.workers.shared import Folder


@pytest.fixture
def folder():
    with Folder() as folder:
        yield folder
