"""Looking at a sweep that another process may drive: its records, read from the ledger's file without Optuna."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tracking import lines
from tracking.records import State, SweepRecord, TrialRecord
from tracking.replay import Replay, Study, Trial, UnfamiliarError

if TYPE_CHECKING:
    from tracking.ledger import Ledger


class Onlooker:
    """One who looks at a sweep's ledger, as often as need be; what was read once is not read again.

    Args:
        folder: The sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ledger: Ledger | None = None
        self._forget()

    def record(self) -> SweepRecord:
        """The whole sweep as it stands now, the same as `Ledger.record`.

        Raises:
            LedgerError: There is no ledger, or no study in it.
            JournalError: The ledger is damaged.
        """
        if self._ledger is None:
            try:
                return self._of(self._study())
            except UnfamiliarError:
                from tracking.ledger import Ledger

                self._ledger = Ledger.open(self.folder)
        return self._ledger.record()

    def _forget(self) -> None:
        self._replay = Replay(self.folder / lines.FILE)
        self._bytes = 0
        self._last = b""

    def _study(self) -> Study:
        try:
            self._read()
        except BaseException:
            self._forget()
            raise
        if not self._replay.studies:
            raise lines.no_study(self.folder)
        if len(self._replay.studies) > 1:
            raise UnfamiliarError
        return next(iter(self._replay.studies.values()))

    def _read(self) -> None:
        """Tell the replay what was appended since, or all of it where the file is another by now."""
        with lines.find(self.folder).open("rb") as file:
            file.seek(self._bytes - len(self._last))
            if file.read(len(self._last)) != self._last:
                self._forget()
                file.seek(0)
            for block in lines.blocks(file):
                self._replay.tell(block)
                self._bytes += len(block)
                self._last = block[block.rfind(b"\n", 0, -1) + 1 :]

    def _of(self, study: Study) -> SweepRecord:
        trials = self.folder / "trials"
        records = [_record(trial, trials / str(trial.number)) for trial in study.trials]
        return SweepRecord.noted(study.name, self.folder, study.attributes, records)


def _record(trial: Trial, folder: Path) -> TrialRecord:
    return TrialRecord.noted(
        number=trial.number,
        state=State.RUNNING if trial.state == "WAITING" else State(trial.state),
        params=trial.params,
        curve=trial.curve,
        started=trial.started,
        finished=trial.finished,
        folder=folder,
        attributes=trial.attributes,
    )
