"""This build and another one, timed in alternating processes."""
