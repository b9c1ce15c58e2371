"""The kernels, built a second time for all interpreters but the main one: each one needs its own module objects.

In this build a module looks up its objects at each use (90 ns per call), so the main interpreter uses the other build.
"""
