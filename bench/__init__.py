"""Experiments that measure what the project claims. `python -m bench` lists them."""
