"""`nogil-kernels new`: create an extension project from the template in this folder.

names checks names, answers collects the user's choices, template fills in the files, writing writes them. Standard
library only.
"""


class Refused(ValueError):
    """The project cannot be created, and nothing was written. The message is one line."""
