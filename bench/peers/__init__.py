"""Both kernels beside what else can be installed: cases, goals, what was measured, table, plot."""
