"""The projection: what the ledger and the spool hold, shown in MLflow by a thread that is never in a trial's way.

    projection = Projection(follow(folder), OnMlflow(uri, artifacts))
    projection.start()
    ...                      # the driver writes its ledger, and calls projection.nudge() after each report
    projection.close()

A server that is missing, slow or dying costs the sweep nothing: the thread tries again, and `catch_up`, now or in a
later process, sends what is missing, each point once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tracking.mirror import Mirror, Written
from tracking.onlooker import Onlooker
from tracking.records import SweepRecord
from tracking.stores.base import RunStore

_LONGEST_WAIT = 30.0
_log = logging.getLogger(__name__)


def follow(folder: Path) -> Callable[[], SweepRecord]:
    """A snapshot of the sweep in a folder, as often as it is asked for; later calls read only what came since."""
    return Onlooker(folder).record


class Projection:
    """Shows a sweep in a run store, from a thread of its own.

    Args:
        snapshot: Gives the sweep as it stands (`follow(folder)`); called in the projection's thread.
        store: Where to show it.
        facts: Where the sweep came from (`tracking.provenance.provenance`).
        every: Seconds between two looks at the ledger.
    """

    def __init__(
        self,
        snapshot: Callable[[], SweepRecord],
        store: RunStore,
        *,
        facts: Mapping[str, str] | None = None,
        every: float = 2.0,
    ) -> None:
        self.problem: str | None = None
        """Why the store does not show everything; None when it does, as far as was looked."""
        self._snapshot = snapshot
        self._mirror = Mirror(store, dict(facts or {}))
        self._every = every
        self._news = True
        self._live = False
        self._closing = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Show the sweep as one that is being driven. Call it after the driver's own imports: MLflow's are slow."""
        if self._thread is None:
            self._live = True
            self._launch()

    def nudge(self) -> None:
        """Say that the ledger has changed. Costs nothing; the thread looks within `every` seconds."""
        self._news = True

    def catch_up(self) -> bool:
        """Show everything now, and wait for it; False with `problem` set if that failed. May be repeated at will.

        Without `start` the sweep is shown as one that nobody drives: ended, or left unfinished.
        """
        with self._one_at_a_time:
            self._news = False  # before the ledger is read: what comes while reading counts as news
            try:
                self._mirror.show(self._snapshot(), live=self._live)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong here, a sweep does not stop for it
                self._news = True
                self._say(str(error) or type(error).__name__)
                return False
            self._say(None)
            return True

    @property
    def written(self) -> Written:
        """What was sent to the store until now."""
        return self._mirror.written

    def run_of(self, trial: int) -> str | None:
        """The id of the run that shows a trial; None while there is none."""
        return self._mirror.run_of(trial)

    def close(self, deadline_seconds: float = 10.0) -> bool:
        """Show the end of the sweep, and stop; False, with `problem` saying why, if not everything could be shown."""
        self._live = False
        self._closing.set()
        thread = self._thread or self._launch()
        thread.join(deadline_seconds)
        if thread.is_alive():
            self.problem = (
                f"{self.problem or 'the tracking server is slow'}; gave up after {deadline_seconds:g} seconds: "
                "the ledger has everything, and a later catch_up shows it"
            )
            return False
        return self.problem is None

    def _launch(self) -> threading.Thread:
        self._thread = threading.Thread(target=self._run, name="projection", daemon=True)
        self._thread.start()
        return self._thread

    def _run(self) -> None:
        wait = self._every  # a sweep begins, or goes on, before it is shown: to look at thousands of runs takes seconds
        while not self._closing.wait(wait):
            failed = self._news and not self.catch_up()
            wait = min(max(wait, self._every) * 2, _LONGEST_WAIT) if failed else self._every
        self.catch_up()

    def _say(self, problem: str | None) -> None:
        if problem and not self.problem and self._live:
            _log.warning("Tracking is behind, the sweep goes on: %s", problem)
        elif self.problem and not problem:
            _log.info("Tracking has caught up")
        self.problem = problem
