"""The report of a comparison: its samples, and their output as text, plot and page."""

from .suite import Report as Report
