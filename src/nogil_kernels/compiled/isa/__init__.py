"""Choose the instruction set of the kernels, once per process."""

from .isa import available as available
from .isa import chosen as chosen
from .isa import compiler as compiler
from .isa import is_abi3 as is_abi3
from .isa import is_main_interpreter as is_main_interpreter
