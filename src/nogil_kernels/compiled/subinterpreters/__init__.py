"""The kernels built again, for all interpreters but the main one: each interpreter has its own module objects.

The main interpreter has the faster build: here a module looks up its objects at each use, which costs 90 ns per call.
"""
