"""The kernels once more, for every interpreter but the main one: built so that each has objects of its own.

That costs a call 90 ns, since a module then looks for its objects at each use; so the main one has the faster build.
"""
