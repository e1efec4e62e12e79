"""Requests to a sweep's driver, with trials that train nothing: a curve follows from a trial's number."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from search_spaces import plugins
from tracking import requests
from tracking.ledger import Ledger
from tracking.records import Report, State, TrialRecord
from tracking.requests import Request, send
from tuner import taken
from tuner.conductor import Conductor, Limits
from tuner.control import Control
from tuner.errors import UsageError
from tuner.seeds import seed_of
from tuner.spec import SweepSpec

SCHEDULERS = plugins.names("tuner.schedulers")


class KilledError(BaseException):
    """The driver is gone, with nothing said."""


@dataclass
class Toy:
    """A sweep on disk whose driver can be asked for something before a given report, and killed after one."""

    folder: Path
    spec: SweepSpec
    asked: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    trained: dict[int, int] = field(default_factory=dict)
    reports: int = 0
    most: int = 4

    def drive(self, killed_after: int = 0) -> tuple[Conductor, Limits]:
        conductor, limits = self.conductor()
        control = Control(conductor, self.check)
        while (job := conductor.next_job()) is not None:
            for step in range(max(1, self.trained.get(job.number, 0)), job.epochs + 1):
                self.trained[job.number] = step
                if (request := self.asked.pop(self.reports, None)) is not None:
                    send(self.folder, *request)
                self.look(control)
                going_on = conductor.report(job.number, Report(step, {"val/accuracy": value(job.number, step)}, step))
                self.reports += 1
                if self.reports == killed_after:
                    raise KilledError
                if not going_on:
                    break
            conductor.finished(job.number)
            self.look(control)
        conductor.close()
        return conductor, limits

    def conductor(self) -> tuple[Conductor, Limits]:
        objective = self.spec.objective.resolved()
        if (self.folder / "ledger.journal").exists():
            ledger = Ledger.open(self.folder, read_only=False)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            ledger = Ledger.create(self.folder, "toy", self.spec.describe(), objective)
        spec, limits = self.spec, Limits()
        scheduler = spec.scheduler_choice.build(objective, spec.budget.epochs, spec.trials, spec.space, spec.seed)
        return Conductor(spec, ledger, scheduler, limits=limits), limits

    def look(self, control: Control) -> None:
        control._mailbox._looked = -math.inf
        control.poll()

    def check(self, workers: int) -> None:
        if workers > self.most:
            raise UsageError(f"at most {self.most} fit")

    @property
    def trials(self) -> list[TrialRecord]:
        return Ledger.open(self.folder).trials()

    def outcome(self) -> list[tuple[Any, ...]]:
        return [(t.number, t.state, dict(t.params), dict(t.curve), t.cause) for t in self.trials]

    def answer(self, request: Request) -> str:
        found = taken.outcome(Ledger.open(self.folder).study, request)
        assert found is not None
        return ("refused: " if found.refused else "") + found.did


def value(number: int, step: int) -> float:
    """Curves that cross: a trial's final value and its speed follow from its number."""
    final = (seed_of("final", number) % 1000) / 1000
    return final * (1 - math.exp(-step / (1 + seed_of("speed", number) % 5)))


def toy(folder: Path, **raw: Any) -> Toy:
    base: dict[str, Any] = {"dataset": "digits", "architecture": ["linear", "mlp"], "searcher": "random"}
    return Toy(folder, SweepSpec.read({**base, "scheduler": "none", "budget": {"trials": 4, "epochs": 3}, **raw}))


def planned(folder: Path, scheduler: str) -> Toy:
    searcher = "bohb" if scheduler == "bohb" else "random"
    return toy(folder, scheduler=scheduler, searcher=searcher, budget={"trials": 6, "epochs": 9})


# --- stop one trial ---


def test_a_trial_that_is_stopped_ends_with_its_running_epoch(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.asked[1] = "stop", {"trial": 0}
    sweep.drive()
    assert (sweep.trials[0].state, sweep.trials[0].epochs, sweep.trials[0].cause) == (
        State.PRUNED,
        2,
        "stopped by hand",
    )
    assert [trial.state for trial in sweep.trials[1:]] == [State.COMPLETE] * 3


def test_a_trial_that_waits_is_stopped_at_once(tmp_path: Path) -> None:
    sweep = toy(tmp_path, scheduler="asha", budget={"trials": 9, "epochs": 9})
    # one rung at epoch 1: the first trial goes on alone, all of the next ones wait there
    with pytest.raises(KilledError):
        sweep.drive(killed_after=13)
    waits = next(trial.number for trial in sweep.trials if trial.state is State.PAUSED)
    request = send(tmp_path, "stop", {"trial": waits})
    conductor, _ = sweep.conductor()
    Control(conductor, sweep.check)
    trial = sweep.trials[waits]
    assert (trial.state, trial.cause) == (State.PRUNED, "stopped by hand")
    assert sweep.answer(request) == f"trial {waits} is stopped"
    sweep.drive()
    assert sweep.trials[waits] == trial


def test_a_trial_that_was_begun_and_has_reported_nothing_is_stopped_without_having_failed(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.conductor()[0].next_job()
    send(tmp_path, "stop", {"trial": 0})
    sweep.drive()
    assert (sweep.trials[0].state, sweep.trials[0].cause) == (State.PRUNED, "stopped by hand")
    assert sweep.trials[0].curve == {}
    assert [trial.state for trial in sweep.trials[1:]] == [State.COMPLETE] * 3


@pytest.mark.parametrize(
    ("trial", "told"),
    [
        (0, "refused: trial 0 is over already: complete"),
        (9, "refused: there is no trial 9: 2 have begun, numbered from 0"),
    ],
)
def test_a_trial_that_is_over_or_unknown_cannot_be_stopped(tmp_path: Path, trial: int, told: str) -> None:
    sweep = toy(tmp_path)
    with pytest.raises(KilledError):
        sweep.drive(killed_after=4)
    request = send(tmp_path, "stop", {"trial": trial})
    sweep.drive()
    assert sweep.answer(request) == told
    assert [it.state for it in sweep.trials] == [State.COMPLETE] * 4


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_sweep_one_of_whose_trials_was_stopped_goes_on_the_same_after_a_kill(tmp_path: Path, scheduler: str) -> None:
    whole = planned(tmp_path / "whole", scheduler)
    whole.asked[3] = "stop", {"trial": 1}
    whole.drive()
    assert whole.trials[1].state.finished
    for report in (4, whole.reports - 2):
        sweep = planned(tmp_path / f"{report}", scheduler)
        sweep.asked[3] = "stop", {"trial": 1}
        with pytest.raises(KilledError):
            sweep.drive(killed_after=report)
        sweep.drive()
        assert sweep.outcome() == whole.outcome(), f"killed after report {report}"


# --- stop and pause the whole ---


def test_a_sweep_that_is_stopped_prunes_what_runs_and_waits_and_is_over(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.asked[4] = "stop", {}
    conductor, limits = sweep.drive()
    assert (limits.reason, limits.interrupted) == ("stopped by hand", False)
    assert [(trial.state, trial.epochs) for trial in sweep.trials] == [(State.COMPLETE, 3), (State.PRUNED, 2)]
    assert conductor.ledger.study.user_attrs["ended"] == "stopped by hand"


def test_a_pause_leaves_everything_for_later(tmp_path: Path) -> None:
    whole, sweep = toy(tmp_path / "whole"), toy(tmp_path / "paused")
    whole.drive()
    sweep.asked[4] = "pause", {}
    _, limits = sweep.drive()
    assert (limits.reason, limits.interrupted) == ("paused", True)
    assert [(trial.state, trial.epochs) for trial in sweep.trials] == [(State.COMPLETE, 3), (State.RUNNING, 2)]
    sweep.drive()
    assert sweep.outcome() == whole.outcome()


def test_a_pause_that_an_earlier_driver_did_not_live_to_see_is_not_heeded(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    request = send(tmp_path, "pause")
    _, limits = sweep.drive()
    assert not limits.interrupted
    assert not requests.is_waiting(tmp_path, request)
    assert len(sweep.trials) == 4


# --- how many at once ---


def test_the_number_of_workers_is_changed_and_outlives_the_driver(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.asked[4] = "set", {"workers": 3}
    conductor, _ = sweep.drive()
    assert conductor.workers == 3
    assert taken.workers_by_hand(Ledger.open(tmp_path).study) == 3


@pytest.mark.parametrize(
    ("workers", "told"),
    [
        (5, "refused: at most 4 fit"),
        (0, "refused: workers must be a whole number, at least 1, got 0"),
        (1.5, "refused: workers must be a whole number, at least 1, got 1.5"),
        (None, "refused: workers must be a whole number, at least 1, got None"),
    ],
)
def test_workers_that_do_not_fit_are_refused(tmp_path: Path, workers: Any, told: str) -> None:
    sweep = toy(tmp_path)
    request = send(tmp_path, "set", {"workers": workers})
    conductor, _ = sweep.drive()
    assert sweep.answer(request) == told
    assert conductor.workers == 1
    assert taken.workers_by_hand(Ledger.open(tmp_path).study) is None


# --- points ---

POINT = {"architecture.mlp.width": 77, "architecture.mlp.depth": 3}


def test_an_enqueued_point_is_tried_next_and_the_rest_of_it_is_drawn(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.asked[4] = "enqueue", {"point": POINT}
    sweep.drive()
    assert [POINT.items() <= trial.params.items() for trial in sweep.trials] == [False, False, True, False]
    assert sweep.trials[2].params["architecture"] == "mlp"
    assert "architecture.mlp.dropout" in sweep.trials[2].params


def test_a_point_takes_the_place_of_a_drawn_one(tmp_path: Path) -> None:
    whole, sweep = toy(tmp_path / "whole"), toy(tmp_path / "given")
    whole.drive()
    sweep.asked[4] = "enqueue", {"point": POINT}
    sweep.drive()
    same = [trial.params == other.params for trial, other in zip(sweep.trials, whole.trials, strict=True)]
    assert same == [True, True, False, True]


def test_points_are_tried_in_the_order_in_which_they_were_asked_after_those_of_the_spec(tmp_path: Path) -> None:
    sweep = toy(tmp_path, points=[{"architecture.mlp.width": 100}, {"architecture.mlp.width": 101}])
    for width in (102, 103):
        send(tmp_path, "enqueue", {"point": {"architecture.mlp.width": width}})
    sweep.drive()
    assert [trial.params["architecture.mlp.width"] for trial in sweep.trials] == [100, 101, 102, 103]


def test_a_list_is_gone_through_whole_though_a_point_was_enqueued(tmp_path: Path) -> None:
    fixed = {"momentum": 0.9, "nesterov": False, "weight_decay": 1e-4}
    sweep = toy(
        tmp_path,
        architecture="linear",
        optimizer={"sgd": {"lr": {"low": 0.25, "high": 0.75}, **fixed}},
        training={"batch_size": 512},
        searcher={"grid": {"points": 3}},
        budget={"trials": 20, "epochs": 1},
    )
    sweep.asked[1] = "enqueue", {"point": {"optimizer.sgd.lr": 0.3}}
    sweep.drive()
    rates = [trial.params["optimizer.sgd.lr"] for trial in sweep.trials]
    assert sorted(rates) == [0.25, 0.3, 0.5, 0.75]
    assert rates[2] == 0.3


@pytest.mark.parametrize("searcher", ["random", "tpe", "quasi_random", "auto"])
def test_a_sweep_with_an_enqueued_point_draws_the_same_after_a_kill(tmp_path: Path, searcher: str) -> None:
    def asked(name: str) -> Toy:
        sweep = toy(tmp_path / name, searcher=searcher, budget={"trials": 5, "epochs": 2})
        sweep.asked[1] = "enqueue", {"point": POINT}
        return sweep

    whole = asked("whole")
    whole.drive()
    for report in (2, whole.reports // 2, whole.reports - 1):
        sweep = asked(f"{report}")
        with pytest.raises(KilledError):
            sweep.drive(killed_after=report)
        sweep.drive()
        assert sweep.outcome() == whole.outcome(), f"killed after report {report}"


def test_a_point_beyond_the_budget_is_kept_until_there_is_room(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.drive()
    request = send(tmp_path, "enqueue", {"point": POINT})
    sweep.drive()
    assert len(sweep.trials) == 4
    assert "kept for trial 4, which `tuner extend toy --trials 1` makes room for" in sweep.answer(request)
    sweep.spec = toy(tmp_path, budget={"trials": 6, "epochs": 3}).spec
    sweep.drive()
    assert POINT.items() <= sweep.trials[4].params.items()
    assert not POINT.items() <= sweep.trials[5].params.items()


def test_a_population_that_has_all_its_trials_takes_no_further_point(tmp_path: Path) -> None:
    sweep = toy(tmp_path, scheduler="pbt", budget={"trials": 4, "epochs": 6})
    sweep.drive()
    request = send(tmp_path, "enqueue", {"point": POINT})
    sweep.drive()
    assert sweep.answer(request).startswith("refused: there is no room for another trial in toy: pbt trains all")


def test_points_that_are_wrong_or_were_tried_are_refused(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    sweep.drive()
    wrong = {
        "did you mean 'architecture.mlp.width'?": {"architecture.mlp.widht": 3},
        "architecture.mlp.width: must be in": {"architecture.mlp.width": -3},
        "trial 1 tried this very point": dict(sweep.trials[1].params),
        "must be a mapping of parameters": {},
    }
    sent = {told: send(tmp_path, "enqueue", {"point": point}) for told, point in wrong.items()}
    sweep.drive()
    for told, request in sent.items():
        assert sweep.answer(request).startswith("refused: ")
        assert told in sweep.answer(request)


# --- once each ---


def test_a_request_that_was_noted_before_a_kill_is_not_heeded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = toy(tmp_path)
    send(tmp_path, "enqueue", {"point": POINT})

    def killed(*given: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(requests, "remove", killed)
        with pytest.raises(KilledError):
            sweep.drive()
    sweep.drive()
    assert [POINT.items() <= trial.params.items() for trial in sweep.trials] == [True, False, False, False]
    assert requests.waiting(tmp_path) == []


def test_a_request_that_was_not_noted_before_a_kill_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = toy(tmp_path)
    sweep.asked[4] = "stop", {"trial": 1}

    def killed(*given: object, **named: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(taken, "note", killed)
        with pytest.raises(KilledError):
            sweep.drive()
    sweep.drive()
    assert sweep.trials[1].cause == "stopped by hand"


@pytest.mark.parametrize("reports", range(4, 9))
def test_a_stop_outlives_a_driver_that_died_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reports: int
) -> None:
    """Noted, and not carried out: whoever resumes the sweep does so."""
    sweep = toy(tmp_path)
    sweep.asked[reports] = "stop", {"trial": 1}

    def killed(*given: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Conductor, "stop_trial", killed)
        if reports < 6:
            with pytest.raises(KilledError):
                sweep.drive()
    sweep.drive()
    stopped = sweep.trials[1].state is State.PRUNED
    assert stopped == (reports < 6)


def test_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    request = send(tmp_path, "dance")
    sweep.drive()
    assert (
        sweep.answer(request) == "refused: a sweep can be asked to pause, to stop, to set and to enqueue, not 'dance'"
    )


# --- workers that are lost ---


def lose(sweep: Toy, times: int, cause: str = "gone") -> None:
    """Each turn of the driver loses the worker of its first job."""
    for _ in range(times):
        conductor, _ = sweep.conductor()
        job = conductor.next_job()
        assert job is not None
        conductor.lost(job.number, cause)


def test_a_trial_whose_worker_was_lost_is_given_out_again(tmp_path: Path) -> None:
    conductor, _ = toy(tmp_path).conductor()
    first = conductor.next_job()
    assert first is not None
    conductor.report(0, Report(1, {"val/accuracy": 0.5}, 1.0))
    conductor.lost(0, "gone")
    assert conductor.running == 0
    assert conductor.next_job() == first
    assert conductor.ledger.trial(0).state is State.RUNNING


def test_losses_count_over_resumes_and_end_in_a_failure(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    lose(sweep, 2)
    assert sweep.trials[0].state is State.RUNNING
    lose(sweep, 1)
    assert sweep.trials[0].state is State.FAIL
    assert sweep.trials[0].cause == "gone, 3 times (failures.retries is 2)"
    sweep.drive()
    assert [trial.state for trial in sweep.trials] == [State.FAIL] + [State.COMPLETE] * 3


@pytest.mark.parametrize("retries", [0, 1])
def test_the_spec_says_how_often(tmp_path: Path, retries: int) -> None:
    sweep = toy(tmp_path, failures={"retries": retries})
    states = []
    for _ in range(retries + 1):
        lose(sweep, 1)
        states.append(sweep.trials[0].state)
    assert states == [State.RUNNING] * retries + [State.FAIL]


def test_a_lost_trial_that_was_to_be_stopped_is_not_tried_again(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    conductor, _ = sweep.conductor()
    conductor.next_job()
    send(tmp_path, "stop", {"trial": 0})
    Control(conductor, sweep.check)
    conductor.lost(0, "gone")
    assert (sweep.trials[0].state, sweep.trials[0].cause) == (State.PRUNED, "stopped by hand")


def test_a_worker_that_is_lost_while_the_sweep_pauses_leaves_its_trial_for_later(tmp_path: Path) -> None:
    sweep = toy(tmp_path)
    conductor, limits = sweep.conductor()
    conductor.next_job()
    limits.stop("paused", interrupted=True)
    conductor.lost(0, "gone")
    assert conductor.next_job() is None
    conductor.close()
    assert sweep.trials[0].state is State.RUNNING
    sweep.drive()
    assert [trial.state for trial in sweep.trials] == [State.COMPLETE] * 4
