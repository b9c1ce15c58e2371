from typing import SupportsIndex, final

from nogil_kernels import matmul as matmul
from nogil_kernels.compiled.isa import chosen as chosen

@final
class Task:
    def __call__(self, i: SupportsIndex) -> None: ...
