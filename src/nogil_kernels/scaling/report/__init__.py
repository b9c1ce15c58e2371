"""Reporting a comparison: the suite of samples, and what is shown of it."""

from .suite import Report as Report
