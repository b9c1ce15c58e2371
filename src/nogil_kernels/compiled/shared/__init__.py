"""What both kernels are built from: buffers, the GIL switch, vectors. No module, only sources."""
