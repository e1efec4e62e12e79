"""What a worker is given: everything that one trial needs, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracking.goals import Constraint, Goals, Objective
from tracking.records import CheckpointRef


@dataclass(frozen=True)
class Inheritance:
    """What a trial takes over from another, to go on from there with settings of its own.

    Attributes:
        checkpoint: The other's.
        seconds: How long the trial itself had trained until then.
        best: The epoch and value of its own best report until then.
    """

    checkpoint: CheckpointRef
    seconds: float = 0.0
    best: tuple[int, float] | None = None


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
        inheritance: The checkpoint to go on from instead, until the trial has a newer one of its own.
        kept: Epochs whose checkpoints stay because another trial may take them over.
        further: Objectives besides the leading one.
        constraints: What its metrics must keep.
        measured: The metrics that are asked for by name.
        timeout: Seconds without a report after which its worker hangs; None for as long as it likes.
        start_from: The file of the parent's weights that training starts from, absolute; fresh ones otherwise.
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
    inheritance: Inheritance | None = None
    kept: tuple[int, ...] = ()
    further: tuple[Objective, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    measured: tuple[str, ...] = ()
    timeout: float | None = None
    start_from: str | None = None

    @property
    def goals(self) -> Goals:
        """All objectives, and the constraints."""
        return Goals((self.objective, *self.further), self.constraints)

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
                "inheritance": _inheritance(data["inheritance"]),
                "kept": tuple(data["kept"]),
                "further": tuple(Objective(**it) for it in data["further"]),
                "constraints": tuple(Constraint(**it) for it in data["constraints"]),
                "measured": tuple(data["measured"]),
            }
        )


def _inheritance(data: Mapping[str, Any] | None) -> Inheritance | None:
    if data is None:
        return None
    best = tuple(data["best"]) if data["best"] else None
    return Inheritance(CheckpointRef(**data["checkpoint"]), data["seconds"], best)
