"""What is refused."""


class Refused(ValueError):
    """What was asked for cannot be done, and nothing was written; the text is one line that says why."""
