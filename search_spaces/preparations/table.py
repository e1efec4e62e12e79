"""Rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor

from search_spaces.datasets._table_columns import CategoryColumn, NumberColumn, tables
from search_spaces.files import existing
from search_spaces.plugins import suggestion
from search_spaces.preparation import Preparation, Samples, array_of, numbered

Column = Annotated[NumberColumn | CategoryColumn, Field(discriminator="kind")]


class Table(Preparation):
    """Rows of a table (.csv, .tsv, .parquet), or of an array of numbers: scaled numbers, categories as columns."""

    columns: tuple[Column, ...]
    """What becomes of each column, in the order in which the network gets them."""

    def encode(self, raw: pd.DataFrame) -> Tensor:
        """Rows as numbers, [rows, inputs].

        Gaps become the training part's median or most frequent category, unknown categories zeros in all columns.
        """
        self._check(raw)
        columns = [column.encoded(raw[column.name]) for column in self.columns]
        return torch.from_numpy(np.hstack(columns).astype(np.float32))

    def read(self, source: Path, at_once: int) -> Iterator[Samples]:
        """Row by row; columns that training did not have are passed over, and said to be."""
        if source.suffix.lower() in (".npy", ".npz"):
            frames = iter([self._framed(source)])
        else:
            texts = [column.name for column in self.columns if isinstance(column, CategoryColumn)]
            frames = tables(existing(source, "the data"), at_once, texts)
        for frame in frames:
            for start in range(0, len(frame), at_once):
                piece = frame.iloc[start : start + at_once]
                self._check(piece)
                yield Samples(numbered(int(piece.index[0]), len(piece)), piece, self._remarks(piece))

    def _framed(self, source: Path) -> pd.DataFrame:
        array, names = array_of(source, "a table"), [column.name for column in self.columns]
        if array.ndim != 2 or array.shape[1] != len(names):
            raise ValueError(f"must hold rows of {len(names)} numbers ({', '.join(names)}), got {list(array.shape)}")
        return pd.DataFrame(array, columns=pd.Index(names))

    def _check(self, frame: pd.DataFrame) -> None:
        for column in self.columns:
            if column.name not in frame.columns:
                near = suggestion(column.name, map(str, frame.columns))
                raise ValueError(f"has no column {column.name!r}, which the model was trained with{near}")

    def _remarks(self, frame: pd.DataFrame) -> dict[str, int]:
        known = [column.name for column in self.columns]
        more = [str(name) for name in frame.columns if name not in known]
        found = {f"column {name!r} is not one of the model's and is passed over": len(frame) for name in more}
        for column in self.columns:
            if isinstance(column, CategoryColumn) and (unseen := column.unseen(frame[column.name])):
                found[f"column {column.name!r} holds a category that training did not have, taken as none"] = unseen
        return found
