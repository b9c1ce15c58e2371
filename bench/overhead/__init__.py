"""The time of a call before the kernel computes anything."""
