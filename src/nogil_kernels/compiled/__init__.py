"""The compiled kernels, a folder each, and what they share. Only backend.py imports the kernels."""
