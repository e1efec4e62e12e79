"""Data sets, read once a process, and their fingerprints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from search_spaces.choice import Dataset
from search_spaces.data import Data
from search_spaces.imported import Imported
from search_spaces.space import Space, realise


def read_data(choice: Mapping[str, Any]) -> Data:
    """The data that a choice describes; read once a process, however many trials use it."""
    return _read_data(json.dumps(choice, sort_keys=True))


def data_digests(space: Space) -> dict[str, str]:
    """A fingerprint of each data set of a space, at its first values; a user's own data modules have none."""
    return {
        branch.name: read_data(branch.kind(**branch.first()).describe()).digest
        for branch in space.slots["dataset"]
        if not issubclass(branch.kind, Imported)
    }


@lru_cache(maxsize=4)
def _read_data(choice: str) -> Data:
    return cast(Dataset, realise("dataset", json.loads(choice))).build()
