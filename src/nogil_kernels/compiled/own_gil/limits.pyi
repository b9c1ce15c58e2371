from nogil_kernels.compiled.limits import multiply_adds as multiply_adds
from nogil_kernels.compiled.limits import nothing as nothing
from nogil_kernels.compiled.limits import read as read
from nogil_kernels.compiled.limits import take_buffer as take_buffer
