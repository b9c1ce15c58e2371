"""The compiled kernels, one folder each. Only `backend.py` imports them."""
