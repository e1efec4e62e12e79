"""A driver of a sweep as a process of its own that can be killed: forked, since importing everything takes seconds."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracking.records import Report, TrialRecord
from tuner.errors import EveryTrialFailedError, UsageError
from tuner.observer import Observer

DONE, NOTHING, REFUSED, BROKEN, INTERRUPTED, KILLED = 0, 1, 2, 3, 130, -signal.SIGKILL
"""How a driver ends: as the command line does, with BROKEN for an error that is not ours."""
SLOW_SECONDS = 240.0
"""A driver that has not ended by then hangs."""
POLL = 0.005
"""Seconds between two looks."""


@dataclass(frozen=True)
class Driver:
    """A forked process that drives a sweep; `events` is the file in which it notes what it has done."""

    process: int
    events: Path

    def wait(self, seconds: float = SLOW_SECONDS) -> int:
        """How it ended: its exit code, or a signal as a negative number; killed, with `TimeoutError`, when it hangs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (ended := self._ended()) is not None:
                return ended
            time.sleep(POLL)
        self.signal(signal.SIGKILL)
        os.waitpid(self.process, 0)
        raise TimeoutError(f"the driver had not ended after {seconds:g} seconds")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.process, number)

    def signal_if_alive(self, number: int) -> None:
        """Send it a signal, unless it has ended already."""
        if os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            self.signal(number)

    def kill(self) -> int:
        """SIGKILL, unless it has ended already; how it ended."""
        if (ended := self._ended()) is not None:
            return ended
        self.signal(signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def until(self, count: int, event: str = "reported", seconds: float = SLOW_SECONDS) -> None:
        """Wait until it has noted so many events of a kind, or is done; those of earlier drivers are not counted."""
        deadline = time.monotonic() + seconds
        while len(self.noted(event)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the driver had not {event} {count} times after {seconds:g} seconds")
            if os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
            time.sleep(POLL)

    def noted(self, event: str) -> list[dict[str, Any]]:
        """What it has noted of a kind."""
        lines = self.events.read_text().splitlines() if self.events.exists() else []
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def _ended(self) -> int | None:
        found, status = os.waitpid(self.process, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if found else None


class Notes(Observer):
    """Notes what happens in a file, a line each, as soon as it has happened."""

    def __init__(self, events: Path) -> None:
        self._file = os.open(events, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def started(self, trial: TrialRecord) -> None:
        """A trial starts."""
        self.note("started", trial=trial.number)

    def reported(self, number: int, report: Report) -> None:
        """A trial has done an epoch."""
        self.note("reported", trial=number, step=report.step)

    def ended(self, trial: TrialRecord) -> None:
        """A trial is finished, stopped, failed or paused."""
        self.note("ended", trial=trial.number, state=str(trial.state))

    def note(self, event: str, **facts: Any) -> None:
        """One line, in one write."""
        os.write(self._file, (json.dumps({"event": event, "at": time.time(), **facts}) + "\n").encode())


def forked(act: Callable[[Notes], bool], folder: Path, environment: dict[str, str]) -> Driver:
    """Run `act` in a process of its own; it says whether it was interrupted. What it prints goes to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    events = folder / "events.jsonl"
    process = os.fork()
    if process:
        return Driver(process, events)
    code = BROKEN
    try:
        output = os.open(folder / "output.txt", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.update(environment)
        code = _outcome(act, Notes(events))
    except BaseException:  # noqa: BLE001 (a forked process must not return into its parent's code)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _outcome(act: Callable[[Notes], bool], notes: Notes) -> int:
    try:
        return INTERRUPTED if act(notes) else DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except EveryTrialFailedError as error:
        print(f"error: {error}")
        return NOTHING
    except UsageError as error:
        print(f"error: {error}")
        return REFUSED
