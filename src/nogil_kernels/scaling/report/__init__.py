"""The report of a comparison: its samples, and their output as text, plot and page."""

from .shown import Report as Report
