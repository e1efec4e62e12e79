"""Breast cancer Wisconsin."""

from __future__ import annotations

from typing import Any

from search_spaces.datasets._scikit_tables import ScikitTable


class BreastCancer(ScikitTable):
    """569 tumours, 30 measures of their cells' nuclei: benign or malignant (Street et al., 1993); no download."""

    def load(self) -> Any:
        """As it ships with scikit-learn."""
        from sklearn.datasets import load_breast_cancer

        return load_breast_cancer()
