# cython: freethreading_compatible=True, subinterpreters_compatible=own_gil
# distutils: define_macros=CYTHON_USE_MODULE_STATE=1
include "../matmul/matmul.pyx"
