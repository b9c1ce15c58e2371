"""`nogil-kernels new`: a project of one's own, made from the template that lies here.

names and answers say what is asked for, archive and template what is written, writing how; record and changes know what
a project was made from, and patches how to say what has changed since. Standard library only.
"""
