"""Measurements of the machine, and the parts that all reports share."""
