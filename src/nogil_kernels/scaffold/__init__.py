"""`nogil-kernels new`: write an extension project from the template in this folder.

names and answers decide what the project is called and made of, template reads and fills in its files, writing writes
them. Standard library only.
"""


class Refused(ValueError):
    """The request cannot be carried out, and nothing was written; the text is one line that says why."""
