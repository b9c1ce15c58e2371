"""Both kernels compared with other packages: cases, goals, results, tables and plots."""
