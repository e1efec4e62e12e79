"""What a sweep leaves behind while it runs: the user's observer is told, and MLflow is kept up to date."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.provenance import provenance
from tracking.records import Report, TrialRecord
from tracking.stores.on_mlflow import OnMlflow
from tuner.conductor import Observer
from tuner.home import Home

PATIENCE_SECONDS = 20.0
"""How long the end of a sweep waits for a slow tracking server."""
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

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused."""
        self.projection.nudge()
        self._observer.ended(trial)


@contextmanager
def tracks(ledger: Ledger, home: Home, observer: Observer) -> Iterator[Tracks]:
    """Keep MLflow up to date for as long as the sweep is driven, and tell what is still missing at the end."""
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # it tells how it makes its tables
    store = OnMlflow(home.tracking_uri, None if home.tracking_uri.startswith("http") else home.artifacts)
    projection = Projection(follow(ledger.folder), store, facts=provenance(Path.cwd()))
    projection.start()
    try:
        yield Tracks(observer, projection, home.tracking_uri)
    finally:
        if not projection.close(PATIENCE_SECONDS):
            _log.warning("MLflow does not show everything yet: %s", projection.problem)
