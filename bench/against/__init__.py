"""Compare two builds of the kernels in alternating worker processes."""
