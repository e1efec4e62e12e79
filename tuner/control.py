"""What the driver of a sweep does about the requests in its mailbox, between one event and the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from search_spaces.problems import Problems
from search_spaces.space import Point
from tracking.requests import Mailbox, Request
from tuner import starting_points, taken
from tuner.conductor import Conductor
from tuner.errors import UsageError
from tuner.verdicts import BY_HAND


class Refused(Exception):  # noqa: N818 (it reads as what it is)
    """A request that is not heeded, with the reason."""


class Control:
    """Takes each request once, in the order in which they were asked, and notes in the ledger what came of it.

    The note is what counts: a driver that is killed before it has removed a noted request does not heed it again, and
    what one asked for is done by whoever resumes the sweep. A pause that was asked of an earlier turn is not heeded.

    Args:
        conductor: The sweep's.
        check_workers: Raises `UsageError` if so many trials at once cannot run.
    """

    def __init__(self, conductor: Conductor, check_workers: Callable[[int], object]) -> None:
        self._conductor = conductor
        self._ledger = conductor.ledger
        self._check_workers = check_workers
        self._mailbox = Mailbox(self._ledger.folder)
        self._heed: dict[str, Callable[[Request], tuple[str, dict[str, Any]]]] = {
            "pause": self._pause,
            "stop": self._stop,
            "set": self._set,
            "enqueue": self._enqueue,
        }
        self._begin()

    def poll(self) -> None:
        """Heed what waits in the mailbox; costs next to nothing when asked again within half a second."""
        for request in self._mailbox.news():
            self._take(request)

    def _begin(self) -> None:
        """What was asked while nobody drove the sweep counts, but for a pause."""
        for request in self._mailbox.news():
            if request.verb == "pause":
                self._mailbox.remove(request)
            else:
                self._take(request)

    def _take(self, request: Request) -> None:
        if taken.outcome(self._ledger.study, request) is None:
            try:
                did, noted = self._heed.get(request.verb, _unknown)(request)
                refused = False
            except (Refused, UsageError, Problems) as reason:
                did, noted, refused = str(reason), {}, True
            taken.note(self._ledger, request, did, refused=refused, **noted)
            self._conductor.observer.noted(f"{request.by} asked: {did}")
            if not refused:
                self._carry_out(request, noted)
        self._mailbox.remove(request)

    def _carry_out(self, request: Request, noted: dict[str, Any]) -> None:
        """Do what was noted, so that a kill between the two loses nothing."""
        match request.verb:
            case "pause":
                self._conductor.limits.stop("paused", interrupted=True)
            case "stop" if request.arguments.get("trial") is None:
                self._conductor.limits.stop(BY_HAND)
            case "stop":
                self._conductor.stop_trial(request.arguments["trial"])
            case "set":
                self._conductor.workers = request.arguments["workers"]
            case "enqueue":
                self._conductor.drawing.enqueue(noted["trial"], noted["point"])

    def _pause(self, request: Request) -> tuple[str, dict[str, Any]]:
        name = self._ledger.study.study_name
        return f"{name} ends its running epochs and pauses: `tuner resume {name}` goes on", {}

    def _stop(self, request: Request) -> tuple[str, dict[str, Any]]:
        number = request.arguments.get("trial")
        if number is None:
            # Noted first: if this driver dies before its end, the sweep is over all the same.
            self._ledger.note("ended", BY_HAND)
            return f"{self._ledger.study.study_name} ends its running epochs and is over", {}
        trials = len(self._ledger.trials())
        if not 0 <= number < trials:
            raise Refused(f"there is no trial {number}: {trials} have begun, numbered from 0")
        trial = self._ledger.trial(number)
        if trial.state.finished:
            raise Refused(f"trial {number} is over already: {trial.cause or trial.state.lower()}")
        at_work = self._conductor.at_work(number)
        return f"trial {number} is stopped{' when its running epoch ends' if at_work else ''}", {}

    def _set(self, request: Request) -> tuple[str, dict[str, Any]]:
        workers = request.arguments.get("workers")
        if type(workers) is not int or workers < 1:
            raise Refused(f"workers must be a whole number, at least 1, got {workers!r}")
        self._check_workers(workers)
        return f"{workers} trials at once from now on, until now {self._conductor.workers}", {}

    def _enqueue(self, request: Request) -> tuple[str, dict[str, Any]]:
        spec = self._conductor.spec
        point = starting_points.read_one(request.arguments.get("point"), spec.space)
        if starting_points.is_whole(point, spec.space) and (tried := self._tried(point)) is not None:
            raise Refused(f"trial {tried} tried this very point: a training that was done teaches nothing new")
        number = self._conductor.drawing.room(len(self._ledger.trials()))
        if number < spec.budget.trials:
            return f"trial {number} tries the point", {"trial": number, "point": point}
        name = self._ledger.study.study_name
        if not spec.scheduler_choice.extensible:
            text = f"{spec.scheduler_choice.key()} trains all its trials together from the first epoch on"
            raise Refused(f"there is no room for another trial in {name}: {text}")
        more = number + 1 - spec.budget.trials
        kept = f"all {spec.budget.trials} trials of budget.trials are taken: the point is kept for trial {number}"
        return f"{kept}, which `tuner extend {name} --trials {more}` makes room for", {"trial": number, "point": point}

    def _tried(self, point: Point) -> int | None:
        return next((trial.number for trial in self._ledger.trials() if dict(trial.params) == point), None)


def _unknown(request: Request) -> tuple[str, dict[str, Any]]:
    raise Refused(f"a sweep can be asked to pause, to stop, to set and to enqueue, not {request.verb!r:.40}")
