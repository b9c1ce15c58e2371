"""How accurate `nogil_kernels.gil.probe` is. probe_accuracy.py runs the experiments, each a file with `run(times)`."""
