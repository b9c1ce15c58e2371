from nogil_kernels.compiled.matmul.matmul cimport matmul_f64
