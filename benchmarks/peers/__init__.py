"""Searches to compare with, one a file: the file's name is the method's, its docstring says what it is.

A file has `PACKAGES`, whose versions are kept with each row, and `build(task, seed, workers, trainings)`, which gives a
`quality.play.Method`. One that needs an environment of its own has its pinned packages in a .txt beside it, from which
`install.sh` makes it.
"""
