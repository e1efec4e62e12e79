"""What a sweep leaves behind while it runs: the user's observer is told, and MLflow is kept up to date."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.provenance import provenance
from tracking.records import Report, TrialRecord
from tracking.redaction import without_passwords
from tracking.stores.on_mlflow import OnMlflow
from tuner.conductor import Observer
from tuner.errors import SweepError
from tuner.home import Home

PATIENCE_SECONDS = 20.0
"""How long the end of a sweep waits for a slow tracking server."""
FACTS = "provenance.json"
"""Where a sweep's folder says under which code it was driven last: whoever shows the sweep later runs other code."""
_log = logging.getLogger(__name__)


class Tracks(Observer):
    """Passes everything on to the user's observer, and wakes the projection: microseconds a report."""

    def __init__(self, observer: Observer, projection: Projection, uri: str) -> None:
        self.projection = projection
        self.uri = uri
        self._observer = observer

    def started(self, trial: TrialRecord) -> None:
        """A trial starts."""
        self.projection.nudge()
        self._observer.started(trial)

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch."""
        self.projection.nudge()
        self._observer.reported(number, report)

    def noted(self, text: str) -> None:
        """Something is worth a line."""
        self._observer.noted(text)

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused."""
        self.projection.nudge()
        self._observer.ended(trial)


@dataclass(frozen=True)
class CaughtUp:
    """What showing a sweep has sent to MLflow: runs that were not there, and points."""

    uri: str
    runs: int
    points: int
    seconds: float


@contextmanager
def tracks(ledger: Ledger, home: Home, observer: Observer) -> Iterator[Tracks]:
    """Keep MLflow up to date for as long as the sweep is driven, and tell what is still missing at the end."""
    facts = provenance(Path.cwd())
    _keep_facts(ledger.folder, facts)
    projection = _projection(ledger.folder, home, facts)
    projection.start()
    try:
        yield Tracks(observer, projection, home.tracking_uri)
    finally:
        if not projection.close(PATIENCE_SECONDS):
            name = ledger.study.study_name
            _log.warning(
                "MLflow does not show everything yet: %s; `tuner track %s` shows the rest", projection.problem, name
            )


def catch_up(folder: Path, home: Home) -> CaughtUp:
    """Show a sweep that nobody drives, as far as MLflow does not show it yet.

    What one attempt has sent stays, so it is tried again for as long as an attempt gets further than the one before.
    Raises `SweepError` when that ends before everything is there.
    """
    began = time.monotonic()
    projection = _projection(folder, home, _facts(folder))
    sent = (0, 0)
    while not projection.catch_up():
        before, sent = sent, (projection.written.runs, projection.written.points)
        if sent == before:
            raise SweepError(str(projection.problem))
    written = projection.written
    return CaughtUp(without_passwords(home.tracking_uri), written.runs, written.points, time.monotonic() - began)


def _projection(folder: Path, home: Home, facts: dict[str, str]) -> Projection:
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # it tells how it makes its tables
    store = OnMlflow(home.tracking_uri, None if home.tracking_uri.startswith("http") else home.artifacts)
    return Projection(follow(folder), store, facts=facts)


def _keep_facts(folder: Path, facts: dict[str, str]) -> None:
    unfinished = folder / f".{FACTS}.{os.getpid()}"
    unfinished.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    unfinished.replace(folder / FACTS)


def _facts(folder: Path) -> dict[str, str]:
    """Those of the last driver; none where it was too early to keep them."""
    try:
        found: dict[str, str] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found
