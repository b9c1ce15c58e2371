"""`nogil-kernels new`: create an extension project from the template in this folder.

names.py checks names, answers.py collects the choices, words.py has the texts that differ between kernels, template.py
fills in the files, writing.py writes them. Only the standard library is imported.
"""


class Refused(ValueError):
    """The project cannot be created, and nothing was written. The message is one line."""
