"""Sweeps that are steered while they run, from another thread or process, and while nobody drives them."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracking import lease, requests
from tracking.lease import driving
from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner import Observer, Sweep, SweepError, SweepSpec, asking, display, following, trial
from tuner.errors import EveryTrialFailedError, SpecError, UsageError

SPEC: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": {"low": 0.0, "high": 0.4}}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 3, "epochs": 3},
}


class Asking(Observer):
    """Has something asked by another thread when the n-th report has come, and keeps the answer."""

    def __init__(self, what: Callable[[], str], after: int = 1) -> None:
        self.what, self.left = what, after
        self.answer: str | Exception = ""
        self.notes: list[str] = []
        self.thread = threading.Thread(target=self._ask)

    def reported(self, number: int, report: Report) -> None:
        self.left -= 1
        if self.left == 0:
            self.thread.start()
            while not requests.waiting(Path(Sweep.open("tiny").folder)) and self.thread.is_alive():
                self.thread.join(0.01)

    def noted(self, text: str) -> None:
        self.notes.append(text)

    def _ask(self) -> None:
        try:
            self.answer = self.what()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            self.answer = error


def run(observer: Asking, **raw: Any) -> Sweep:
    sweep = Sweep({**SPEC, **raw})
    sweep.run(runner="inline", observer=observer)
    observer.thread.join()
    return sweep


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of a few milliseconds leave no time to look every half a second."""
    monkeypatch.setattr(requests, "POLL_SECONDS", 0.0)


@pytest.fixture(scope="module")
def paused_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a sweep that was paused in its second trial."""
    folder = tmp_path_factory.mktemp("paused") / "home"
    shutil.copytree(empty_home, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TUNER_HOME", str(folder))
        patch.setattr(requests, "POLL_SECONDS", 0.0)
        assert run(Asking(lambda: Sweep.open("tiny").pause(), after=4)).interrupted
    return folder


@pytest.fixture
def paused(paused_home: Path, home: Path) -> Sweep:
    """One's own copy of the paused sweep."""
    shutil.copytree(paused_home / "sweeps", home / "sweeps")
    return Sweep.open("tiny")


def test_a_pause_ends_the_driver_and_leaves_the_sweep_resumable(paused: Sweep) -> None:
    states = [trial.state for trial in paused.record().trials]
    assert states == [State.COMPLETE, State.RUNNING]
    paused.resume(runner="inline")
    assert [trial.state for trial in paused.record().trials] == [State.COMPLETE] * 3


def test_a_stop_ends_the_sweep_for_good(home: Path) -> None:
    observer = Asking(lambda: Sweep.open("tiny").stop(), after=4)
    sweep = run(observer)
    assert observer.answer == "tiny ends its running epochs and is over"
    assert observer.notes[0].endswith(f"asked: {observer.answer}")
    record = sweep.record()
    assert [trial.state for trial in record.trials] == [State.COMPLETE, State.PRUNED]
    assert record.attributes["ended"] == "stopped by hand"
    assert record.attributes["test"]["trial"] == record.best().number  # type: ignore[union-attr]
    sweep.resume(runner="inline")
    assert len(sweep.record().trials) == 2
    sweep.extend(trials=1, runner="inline")
    assert [trial.state for trial in sweep.record().trials] == [State.COMPLETE, State.PRUNED, *[State.COMPLETE] * 2]


def test_one_trial_is_stopped_and_the_others_go_on(home: Path) -> None:
    observer = Asking(lambda: Sweep.open("tiny").stop(trial=1), after=4)
    sweep = run(observer)
    assert observer.answer == "trial 1 is stopped when its running epoch ends" or observer.left < 0
    states = [trial.state for trial in sweep.record().trials]
    assert states == [State.COMPLETE, State.PRUNED, State.COMPLETE]


def test_a_point_is_enqueued_while_the_sweep_runs(home: Path) -> None:
    point = {"architecture.mlp.width": 16, "architecture.mlp.dropout": 0.25}
    observer = Asking(lambda: Sweep.open("tiny").enqueue(point))
    sweep = run(observer)
    assert observer.answer == "trial 1 tries the point"
    assert point.items() <= sweep.record().trials[1].params.items()


def test_a_sweep_in_this_process_has_one_worker(home: Path) -> None:
    observer = Asking(lambda: Sweep.open("tiny").set(workers=2))
    run(observer)
    assert isinstance(observer.answer, SweepError)
    assert "runs inline, one trial after another" in str(observer.answer)


# --- nobody drives it ---


def test_what_nobody_drives_cannot_be_paused(paused: Sweep) -> None:
    with pytest.raises(SweepError, match="nobody drives tiny: `tuner resume tiny` goes on with it"):
        paused.pause()
    assert requests.waiting(paused.folder) == []


def test_an_interrupted_sweep_is_ended_for_good_without_a_driver(paused: Sweep) -> None:
    assert paused.stop() == "tiny ends its running epochs and is over"
    record = paused.record()
    assert [trial.state for trial in record.trials] == [State.COMPLETE, State.PRUNED]
    assert record.attributes["ended"] == "stopped by hand"
    assert "test/accuracy" in record.attributes["test"]["metrics"]
    assert lease.holder(paused.folder) is None
    with pytest.raises(SweepError, match="tiny is over already: stopped by hand"):
        paused.stop()


def test_a_trial_of_an_interrupted_sweep_is_stopped_at_once(paused: Sweep) -> None:
    assert paused.stop(trial=1) == "trial 1 is stopped; nobody drives it: `tuner resume tiny` goes on"
    assert paused.record().trials[1].cause == "stopped by hand"
    paused.resume(runner="inline")
    assert [trial.state for trial in paused.record().trials] == [State.COMPLETE, State.PRUNED, State.COMPLETE]


def test_a_point_for_an_interrupted_sweep_is_kept_for_its_next_turn(paused: Sweep) -> None:
    told = paused.enqueue({"architecture.mlp.dropout": 0.125})
    assert told == "trial 2 tries the point; nobody drives it: `tuner resume tiny` goes on"
    paused.resume(runner="inline")
    assert paused.record().trials[2].params["architecture.mlp.dropout"] == 0.125


def test_workers_that_were_asked_for_count_when_the_sweep_goes_on_if_they_fit(paused: Sweep) -> None:
    def check(workers: int) -> None:
        if workers > 1:
            raise UsageError

    paused.set(workers=1)
    ledger = Ledger.open(paused.folder)
    assert asking.workers(ledger, 7, check) == 1
    assert asking.workers(ledger, 7, lambda workers: check(2)) == 7
    with pytest.raises(SweepError, match=r"workers with 1 cpus each need 100000"):
        paused.set(workers=100_000)


def test_a_wrong_point_is_refused_before_anyone_is_asked(paused: Sweep) -> None:
    with pytest.raises(SpecError, match=r"point: architecture.mlp.width: must be one of .*got 12"):
        paused.enqueue({"architecture.mlp.width": 12})
    assert not (paused.folder / requests.FOLDER).exists() or requests.waiting(paused.folder) == []


# --- a driver that does not answer ---


def test_a_driver_that_does_not_answer_is_named(paused: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.2)
    with driving(paused.folder), pytest.raises(SweepError, match=r"process \d+ on .* has not taken the request"):
        paused.pause()
    assert len(requests.waiting(paused.folder)) == 1
    paused.resume(runner="inline")  # a pause of an earlier turn does not end this one
    assert not paused.interrupted


def test_a_driver_that_leaves_before_it_takes_a_request_leaves_none_behind(paused: Sweep) -> None:
    with driving(paused.folder):
        threading.Timer(0.3, (paused.folder / lease.FILE).unlink).start()
        with pytest.raises(SweepError, match="the driver has left tiny before it took the request: ask again"):
            paused.pause()
    assert requests.waiting(paused.folder) == []


def test_what_is_asked_while_the_best_is_judged_is_answered_as_of_a_sweep_that_is_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: dict[str, str] = {}
    before = trial.test

    def judging(*given: Any) -> dict[str, float]:
        """Everyone asks while the driver has no ear for them."""
        for thread in threads:
            thread.start()
        while len(requests.waiting(Path(Sweep.open("tiny").folder))) < len(threads):
            time.sleep(0.01)
        return before(*given)

    def ask(name: str, what: Callable[[Sweep], str]) -> None:
        try:
            answers[name] = what(Sweep.open("tiny"))
        except SweepError as error:
            answers[name] = f"refused: {error}"

    asked: dict[str, Callable[[Sweep], str]] = {
        "pause": lambda sweep: sweep.pause(),
        "stop": lambda sweep: sweep.stop(),
    }
    threads = [threading.Thread(target=ask, args=it) for it in asked.items()]
    monkeypatch.setattr(trial, "test", judging)
    Sweep(SPEC).run(runner="inline")
    for thread in threads:
        thread.join()
    assert answers == dict.fromkeys(asked, "refused: tiny is over already: all 3 trials are done")
    assert requests.waiting(Path(Sweep.open("tiny").folder)) == []


def test_a_driver_that_judges_for_long_takes_no_more_requests(paused: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    paused.stop()
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.2)
    with driving(paused.folder), pytest.raises(SweepError, match=r"tiny is over \(stopped by hand\), and process"):
        paused.pause()
    assert requests.waiting(paused.folder) == []


# --- hanging, in this process ---


def test_an_epoch_that_takes_too_long_is_tried_again_and_then_fails(home: Path) -> None:
    observer = Asking(str, after=-1)
    failures = {"retries": 1, "timeout_minutes": 1e-9}  # no epoch is as short as that
    sweep = Sweep({**SPEC, "budget": {"trials": 1, "epochs": 2}, "failures": failures})
    with pytest.raises(EveryTrialFailedError):
        sweep.run(runner="inline", observer=observer)
    assert observer.notes == ["trial 0 goes on from its newest checkpoint: no epoch ended within 1e-09 minutes"]
    (trial,) = sweep.record().trials
    assert trial.state is State.FAIL
    assert trial.cause == "no epoch ended within 1e-09 minutes, 2 times (failures.retries is 1)"


def test_the_dry_run_shows_the_policy() -> None:
    text = display.plan(SweepSpec.read(SPEC))
    assert "failures:" in text
    assert "retries: 2" in text


def test_the_plan_says_what_may_end_the_sweep_early() -> None:
    assert "ends" not in display.plan(SweepSpec.read(SPEC), brief=True)
    budget = {"trials": 8, "epochs": 2, "minutes": 0.5, "total_epochs": 1200, "min_gain_per_hour": 0.001}
    objective = {"metric": "val/accuracy", "mode": "max", "target": 0.95}
    text = display.plan(SweepSpec.read({**SPEC, "objective": objective, "budget": budget}), brief=True)
    assert [line.strip() for line in text.splitlines() if "ends" in line] == [
        "ends after 0.5 minutes or 1,200 epochs in all at the latest",
        "ends when val/accuracy reaches 0.95",
        "ends when an hour of training is expected to gain less than 0.001",
    ]


# --- watching ---


def test_a_followed_sweep_is_shown_until_nobody_drives_it(
    paused: Sweep, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(following, "EVERY_SECONDS", 0.05)
    thread = threading.Thread(target=following.follow, args=(paused.folder,), kwargs={"json": True})
    with driving(paused.folder):
        thread.start()
        while not (said := capsys.readouterr().out):
            pass
        ledger = Ledger.open(paused.folder, read_only=False)
        ledger.tell(1, State.PRUNED)
    thread.join()
    facts = [json.loads(line) for line in (said + capsys.readouterr().out).splitlines()]
    assert facts[0]["driver"].startswith("process ")
    assert facts[0]["heard_seconds_ago"] < 60
    assert facts[0]["states"] == {"COMPLETE": 1, "RUNNING": 1}
    assert facts[-1]["driver"] is None
    assert facts[-1]["states"] == {"COMPLETE": 1, "PRUNED": 1}
    assert len(facts) <= 4  # a line only when something has changed


def test_status_says_who_drives_a_sweep_and_when_that_was_heard_of(paused: Sweep) -> None:
    assert "nobody drives it: `tuner resume tiny` goes on" in display.status(paused.record())
    with driving(paused.folder):
        assert "heard of 0 s ago" in display.status(paused.record())
        told = json.loads((paused.folder / lease.FILE).read_text())
        (paused.folder / lease.FILE).write_text(json.dumps({**told, "heard": told["heard"] - 95}))
        said = display.status(paused.record())
    assert "heard of 95 s ago: it should be every 5 s, so it may be stopped" in said
