"""The home: the one folder where sweeps, and MLflow's own files, lie."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracking import lines
from tracking.lines import LedgerError
from tracking.onlooker import Onlooker
from tracking.records import SweepRecord
from tuner.errors import SweepError, UsageError


@dataclass(frozen=True)
class Home:
    """A folder for everything. The default is `TUNER_HOME`, or `runs` in the current folder."""

    path: Path

    @classmethod
    def at(cls, path: str | Path | None = None) -> Home:
        """The home at a path, absolute: workers and servers have other current folders."""
        return cls(Path(path or os.environ.get("TUNER_HOME") or "runs").expanduser().absolute())

    @property
    def sweeps(self) -> Path:
        """Where the sweeps lie, a folder each."""
        return self.path / "sweeps"

    @property
    def tracking_uri(self) -> str:
        """The MLflow server or database: `MLFLOW_TRACKING_URI`, or SQLite in the home."""
        return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{self.path / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        """Where MLflow keeps files when its database lies in the home."""
        return self.path / "artifacts"

    def new_sweep(self, name: str) -> Path:
        """Make the folder of a new sweep; refused if there is one of that name."""
        self.check_free(name)
        self.make()
        folder = self.sweeps / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def check_free(self, name: str) -> None:
        """Refuse a name that a sweep has already."""
        if lines.begun(self.sweeps / name):
            raise SweepError(
                f"a sweep named {name!r} exists in {self.path}: continue it with `tuner resume {name}`, "
                f"give it more trials with `tuner extend {name} --trials N`, or start another with `--name`"
            )

    def sweep(self, name: str) -> Path:
        """The folder of a sweep that exists."""
        folder = self.sweeps / name
        if not lines.begun(folder):
            from search_spaces import plugins  # only here: it takes a tenth of a second

            known = self.names()
            hint = plugins.suggestion(name, known) if known else "; there is none yet: `tuner sweep digits` makes one"
            raise SweepError(f"no sweep named {name!r} in {self.path}{hint}")
        return folder

    def names(self) -> list[str]:
        """The names of all sweeps."""
        found = (path.parent for path in self.sweeps.glob(f"*/{lines.FILE}"))
        return sorted(folder.name for folder in found if lines.begun(folder))

    def finished(self) -> list[SweepRecord]:
        """Every sweep that is over, the newest first."""
        found = []
        for name in self.names():
            with suppress(LedgerError):  # one that is being made, or was cut before it began
                found.append(Onlooker(self.sweep(name)).record())
        ended = [record for record in found if record.attributes.get("ended")]
        return sorted(ended, key=lambda record: record.created.timestamp() if record.created else 0.0, reverse=True)

    def make(self) -> None:
        """Make the folder, and see that it can be written to."""
        try:
            self.sweeps.mkdir(parents=True, exist_ok=True)
            probe = self.sweeps / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise UsageError(
                f"the home {self.path} cannot be written to ({error.strerror}): "
                "choose another with --home or TUNER_HOME, or mend its permissions"
            ) from error
