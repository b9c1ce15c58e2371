"""The compiled kernels, a folder each. Only `backend.py` imports them."""
