"""What a worker is given: everything that one trial needs, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracking.records import Objective


@dataclass(frozen=True)
class Assignment:
    """One trial to run, or to run on.

    Attributes:
        number: The trial's number in the ledger.
        choices: The whole choice in every slot, as `Choice.describe` gives it.
        seed: The trial's seed; each epoch's follows from it.
        epochs: Train until so many epochs are done, those of earlier turns counted.
        folder: The trial's folder, absolute: its newest whole checkpoint there is where training starts.
        objective: The metric that decides which checkpoint is best.
        cpus: How many threads it may use.
        gpus: How many accelerators it was given.
        import_paths: Folders from which a user's own modules can be imported, absolute.
    """

    number: int
    choices: Mapping[str, Mapping[str, Any]]
    seed: int
    epochs: int
    folder: Path
    objective: Objective
    cpus: int = 1
    gpus: float = 0
    import_paths: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self) | {"folder": str(self.folder), "import_paths": list(self.import_paths)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Assignment:
        """The inverse of `to_json`."""
        return cls(
            **{
                **data,
                "folder": Path(data["folder"]),
                "objective": Objective(**data["objective"]),
                "import_paths": tuple(data["import_paths"]),
            }
        )
