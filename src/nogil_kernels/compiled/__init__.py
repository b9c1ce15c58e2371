"""The compiled kernels. Only `backend.py` imports them; each module's public function bears the module's name."""
