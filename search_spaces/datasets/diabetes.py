"""Diabetes progression."""

from __future__ import annotations

from typing import Any, ClassVar

from search_spaces.data import Task
from search_spaces.datasets._scikit_tables import ScikitTable


class Diabetes(ScikitTable):
    """442 patients, 10 measures each: how far diabetes has come a year later (Efron et al., 2004); no download.

    The number to learn is shifted and scaled too: an error of 1 is as good as always guessing the mean.
    """

    target: ClassVar[str] = "progression"

    @property
    def task(self) -> Task:
        """A number."""
        return "regression"

    def load(self) -> Any:
        """As it ships with scikit-learn."""
        from sklearn.datasets import load_diabetes

        return load_diabetes(scaled=False)
