"""Sources that both kernels use: buffers, gil= and threads=, vectors. This folder has no compiled module of its own."""
