"""The conductor with a runner that trains nothing: a trial's curve follows from its number, or its choices."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from search_spaces import plugins
from tracking.ledger import Ledger
from tracking.records import Report, State, TrialRecord
from tuner.assignment import Assignment
from tuner.conductor import Conductor, Limits, Observer
from tuner.sections import Budget
from tuner.seeds import seed_of
from tuner.spec import SweepSpec

Curve = Callable[[Assignment, int], float]


class KilledError(BaseException):
    """The driver is gone, with nothing said."""


def rising(job: Assignment, step: int) -> float:
    """Curves that cross: a trial's final value and its speed follow from its number."""
    final = (seed_of("final", job.number) % 1000) / 1000
    speed = 1 + seed_of("speed", job.number) % 5
    return final * (1 - math.exp(-step / speed))


@dataclass
class Diary(Observer):
    lines: list[tuple[Any, ...]] = field(default_factory=list)

    def started(self, trial: TrialRecord) -> None:
        self.lines.append(("started", trial.number))

    def reported(self, number: int, report: Report) -> None:
        self.lines.append(("reported", number, report.step))

    def ended(self, trial: TrialRecord) -> None:
        self.lines.append(("ended", trial.number, trial.state))


@dataclass
class Toy:
    """A sweep on disk, and the epochs whose checkpoints its trials have."""

    folder: Path
    spec: SweepSpec
    curve: Curve = rising
    trained: dict[int, int] = field(default_factory=dict)
    reports: int = 0

    def conductor(self, limits: Limits | None = None, observer: Observer | None = None) -> Conductor:
        objective = self.spec.objective.resolved()
        if (self.folder / "ledger.journal").exists():
            ledger = Ledger.open(self.folder, read_only=False)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            ledger = Ledger.create(self.folder, "toy", self.spec.describe(), objective)
        spec = self.spec
        scheduler = spec.scheduler_choice.build(objective, spec.budget.epochs, spec.trials, spec.space, spec.seed)
        return Conductor(self.spec, ledger, scheduler, observer or Observer(), limits or Limits())

    def drive(self, conductor: Conductor, **kill: int) -> None:
        """One trial at a time, as the inline runner does it, until the end or until it is killed."""
        while (job := conductor.next_job()) is not None:
            try:
                self.run(conductor, job, **kill)
            except RuntimeError as error:
                conductor.failed(job.number, f"{type(error).__name__}: {error}")
            conductor.finished(job.number)
        conductor.close()

    def run(self, conductor: Conductor, job: Assignment, before: int = 0, after: int = 0) -> None:
        """Train from the newest checkpoint, which is reported once more; killed before or after the n-th report."""
        start = self.trained.get(job.number, 0)
        for step in range(max(1, start), job.epochs + 1):
            value = self.curve(job, step)
            self.trained[job.number] = step  # the checkpoint comes first
            self.reports += step != start
            if self.reports == before:
                raise KilledError
            going_on = conductor.report(job.number, Report(step, {"val/accuracy": value, "lr": 0.1}, float(step)))
            if self.reports == after:
                raise KilledError
            if not going_on:
                return

    def finish(self) -> "Toy":
        self.drive(self.conductor())
        return self

    def trials(self) -> list[TrialRecord]:
        return Ledger.open(self.folder).trials()

    def states(self) -> list[State]:
        return [trial.state for trial in self.trials()]

    def outcome(self) -> list[tuple[Any, ...]]:
        """What must not depend on interruptions."""
        return [
            (t.number, t.state, dict(t.params), t.choices, dict(t.curve), t.cause, [asdict(it) for it in t.takeovers])
            for t in self.trials()
        ]


def toy(folder: Path, curve: Curve = rising, **raw: Any) -> Toy:
    base: dict[str, Any] = {"dataset": "digits", "architecture": ["linear", "mlp"], "searcher": "random"}
    budget = {"trials": 6, "epochs": 3}
    return Toy(folder, SweepSpec.read({**base, "scheduler": "none", "budget": budget, **raw}), curve)


def value_of(values: Mapping[int, float]) -> Curve:
    """Curves without slope."""
    return lambda job, step: values[job.number]


def test_every_trial_runs_all_its_epochs_in_order(tmp_path: Path) -> None:
    diary = Diary()
    sweep = toy(tmp_path, budget={"trials": 2, "epochs": 2})
    sweep.drive(sweep.conductor(observer=diary))
    assert diary.lines == [
        ("started", 0),
        ("reported", 0, 1),
        ("reported", 0, 2),
        ("ended", 0, State.COMPLETE),
        ("started", 1),
        ("reported", 1, 1),
        ("reported", 1, 2),
        ("ended", 1, State.COMPLETE),
    ]
    assert [trial.epochs for trial in sweep.trials()] == [2, 2]


def test_a_job_says_all_that_its_worker_needs(tmp_path: Path) -> None:
    sweep = toy(tmp_path, seed=9, resources={"cpus": 2, "gpus": 0.5}, budget={"trials": 2, "epochs": 7})
    conductor = sweep.conductor()
    first, second = conductor.next_job(), conductor.next_job()
    assert first is not None
    assert second is not None
    assert conductor.next_job() is None
    assert (first.number, second.number, conductor.running) == (0, 1, 2)
    assert (first.epochs, first.cpus, first.gpus) == (7, 2, 0.5)
    assert first.seed == seed_of(9, "trial", 0) != second.seed
    assert first.folder.is_absolute()
    assert first.folder != second.folder
    assert first.objective == sweep.spec.objective.resolved()
    assert set(first.choices) >= {"dataset", "architecture", "loss", "optimizer", "training"}


def test_the_same_seed_draws_the_same_trials(tmp_path: Path) -> None:
    first, same, other = (toy(tmp_path / str(i), seed=seed).finish() for i, seed in enumerate((1, 1, 2)))
    assert [trial.params for trial in first.trials()] == [trial.params for trial in same.trials()]
    assert [trial.params for trial in first.trials()] != [trial.params for trial in other.trials()]


def test_a_value_that_is_no_number_fails_its_trial_alone(tmp_path: Path) -> None:
    def curve(job: Assignment, step: int) -> float:
        return math.nan if (job.number, step) == (1, 2) else 0.5

    sweep = toy(tmp_path, curve, budget={"trials": 3, "epochs": 3}).finish()
    assert sweep.states() == [State.COMPLETE, State.FAIL, State.COMPLETE]
    assert sweep.trials()[1].cause == "val/accuracy became nan in epoch 2"
    assert sweep.trials()[1].epochs == 2
    assert sweep.trained[1] == 2


@pytest.mark.parametrize("scheduler", ["none", "asha", "hyperband"])
def test_a_crash_fails_its_trial_and_the_sweep_goes_on(tmp_path: Path, scheduler: str) -> None:
    def curve(job: Assignment, step: int) -> float:
        if job.number in (0, 3):
            raise RuntimeError(f"out of luck {job.number}")
        return 0.5 + job.number / 100

    sweep = toy(tmp_path, curve, scheduler=scheduler, budget={"trials": 8, "epochs": 9}).finish()
    states = sweep.states()
    assert len(states) == 8
    assert [number for number, state in enumerate(states) if state is State.FAIL] == [0, 3]
    assert sweep.trials()[3].cause == "RuntimeError: out of luck 3"
    assert State.COMPLETE in states
    assert all(state.finished for state in states)


def test_a_trial_that_ends_without_a_report_has_failed(tmp_path: Path) -> None:
    conductor = toy(tmp_path, budget={"trials": 1, "epochs": 2}).conductor()
    job = conductor.next_job()
    assert job is not None
    conductor.finished(job.number)
    (trial,) = conductor.ledger.trials()
    assert (trial.state, trial.cause) == (State.FAIL, "ended without ever reporting val/accuracy")


def test_a_trial_that_ends_early_by_itself_is_complete(tmp_path: Path) -> None:
    conductor = toy(tmp_path, budget={"trials": 1, "epochs": 5}).conductor()
    job = conductor.next_job()
    assert job is not None
    assert conductor.report(job.number, Report(1, {"val/accuracy": 0.5}, 1.0))
    conductor.finished(job.number)
    assert conductor.ledger.trial(0).state is State.COMPLETE


def test_five_trials_that_fail_alike_end_the_sweep(tmp_path: Path) -> None:
    def broken(job: Assignment, step: int) -> float:
        raise RuntimeError("no such file")

    sweep = toy(tmp_path, broken, budget={"trials": 20, "epochs": 3})
    limits = Limits()
    sweep.drive(sweep.conductor(limits))
    assert sweep.states() == [State.FAIL] * 5
    assert limits.reason == "the first 5 trials failed alike: RuntimeError: no such file"
    assert not limits.interrupted


def test_no_numbers_in_different_epochs_are_alike(tmp_path: Path) -> None:
    sweep = toy(
        tmp_path,
        lambda job, step: math.nan if step == 1 + job.number % 2 else 0.5,
        budget={"trials": 20, "epochs": 3},
    ).finish()
    assert sweep.states() == [State.FAIL] * 5


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param(lambda number: number != 2, id="one success among them"),
        pytest.param(lambda number: number >= 1, id="a success before them"),
    ],
)
def test_failures_with_any_success_do_not_end_the_sweep(tmp_path: Path, fails: Callable[[int], bool]) -> None:
    def curve(job: Assignment, step: int) -> float:
        if fails(job.number):
            raise RuntimeError("no such file")
        return 0.5

    assert len(toy(tmp_path, curve, budget={"trials": 9, "epochs": 1}).finish().states()) == 9


def test_failures_for_different_causes_do_not_end_the_sweep(tmp_path: Path) -> None:
    def broken(job: Assignment, step: int) -> float:
        raise RuntimeError(f"cause {job.number % 2}")

    assert len(toy(tmp_path, broken, budget={"trials": 9, "epochs": 1}).finish().states()) == 9


def test_asha_trains_a_whole_trial_and_stops_most(tmp_path: Path) -> None:
    # rungs at 1, 3 and 9 of 20 epochs; the earlier the better, so of nine trials the first three come to epoch 3,
    # the first of these to 9, and on to the end because nothing else is left to do
    curve = value_of({number: 0.9 - number / 10 for number in range(9)})
    sweep = toy(tmp_path, curve, scheduler="asha", budget={"trials": 9, "epochs": 20}).finish()
    assert [trial.epochs for trial in sweep.trials()] == [20, 3, 3, 1, 1, 1, 1, 1, 1]
    assert sweep.states() == [State.COMPLETE] + [State.PRUNED] * 8


def test_budgets_are_respected(tmp_path: Path) -> None:
    sweep = toy(tmp_path, scheduler="asha", budget={"trials": 7, "epochs": 5}).finish()
    assert len(sweep.trials()) == 7
    assert max(trial.epochs for trial in sweep.trials()) <= 5
    again = sweep.outcome()
    assert sweep.finish().outcome() == again  # resuming what is over changes nothing


def test_a_used_up_time_budget_ends_running_trials_with_their_epoch(tmp_path: Path) -> None:
    limits = Limits(deadline=math.inf)

    def curve(job: Assignment, step: int) -> float:
        if (job.number, step) == (1, 2):
            limits.deadline = 0.0
        return 0.5

    sweep = toy(tmp_path, curve, budget={"trials": 6, "epochs": 4})
    sweep.drive(sweep.conductor(limits))
    assert [(trial.state, trial.epochs) for trial in sweep.trials()] == [(State.COMPLETE, 4), (State.PRUNED, 2)]
    assert limits.reason == "the time budget is used up"


def test_what_the_time_budget_cut_is_not_waited_for_when_the_sweep_goes_on(tmp_path: Path) -> None:
    limits = Limits(deadline=math.inf)

    def curve(job: Assignment, step: int) -> float:
        if job.number == 13:
            limits.deadline = 0.0
        return rising(job, step)

    # brackets of 12, 6 and 4 trials; the second compares 12 to 17 after three epochs, and 13 is cut after one
    sweep = toy(tmp_path, curve, scheduler="hyperband", budget={"trials": 22, "epochs": 9})
    sweep.drive(sweep.conductor(limits))
    assert len(sweep.trials()) == 14
    assert sweep.trials()[13].epochs == 1
    assert all(state.finished for state in sweep.states())
    sweep.curve = rising
    sweep.finish()
    assert len(sweep.trials()) == 22
    assert max(trial.epochs for trial in sweep.trials()[14:18]) == 9
    assert all(state.finished for state in sweep.states())


SCHEDULERS = plugins.names("tuner.schedulers")
QUICK = ("none", "asha", "hyperband", "freeze_thaw")
EVERY_POINT = [it if it in QUICK else pytest.param(it, marks=pytest.mark.slow) for it in SCHEDULERS]
"""For tests that kill a sweep at each of its reports: populations and bandits take a while."""


def shared(folder: Path, scheduler: str) -> Toy:
    def curve(job: Assignment, step: int) -> float:
        if job.number == 2 and step == 2:
            return math.nan
        if job.number == 4:
            raise RuntimeError("broken")
        return rising(job, step) + job.choices["optimizer"]["lr"]  # so that a changed setting shows

    searcher = "tpe" if scheduler == "bohb" else "random"
    budget = {"trials": 6, "epochs": 5}
    return toy(folder, curve, scheduler=scheduler, searcher=searcher, budget=budget, seed=3)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("scheduler", EVERY_POINT)
def test_a_killed_sweep_ends_as_one_never_killed_wherever_it_was_killed(
    tmp_path: Path, scheduler: str, when: str
) -> None:
    whole = shared(tmp_path / "whole", scheduler).finish()
    assert whole.reports > 8
    for report in range(1, whole.reports + 1):
        sweep = shared(tmp_path / f"{report}", scheduler)
        with pytest.raises(KilledError):
            sweep.drive(sweep.conductor(), **{when: report})
        sweep.finish()
        assert sweep.outcome() == whole.outcome(), f"killed {when} report {report}"
        assert sweep.reports == whole.reports, f"killed {when} report {report}: epochs were trained twice"


def modelled(folder: Path) -> Toy:
    """Long enough that models decide what is tried, and what goes on; with failures that they are to remember."""

    def curve(job: Assignment, step: int) -> float:
        if job.number == 2 and step == 2:
            return math.nan
        if job.number == 4:
            raise RuntimeError("broken")
        return 0.5 * rising(job, step) + math.exp(-((math.log10(job.choices["optimizer"]["lr"]) + 2) ** 2)) * step / 9

    return toy(folder, curve, scheduler="freeze_thaw", searcher="auto", budget={"trials": 24, "epochs": 9}, seed=3)


@pytest.mark.parametrize("reports", [(55,), pytest.param(range(1, 87, 5), marks=pytest.mark.slow)])
def test_what_models_decide_does_not_depend_on_kills(tmp_path: Path, reports: Iterable[int]) -> None:
    whole = modelled(tmp_path / "whole").finish()
    for report in reports:
        sweep = modelled(tmp_path / f"{report}")
        with pytest.raises(KilledError):
            sweep.drive(sweep.conductor(), after=report)
        assert sweep.finish().outcome() == whole.outcome(), f"killed after report {report} of {whole.reports}"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_sweep_killed_again_and_again_ends_as_one_never_killed(tmp_path: Path, scheduler: str) -> None:
    whole = shared(tmp_path / "whole", scheduler).finish()
    sweep = shared(tmp_path / "cut", scheduler)
    for report in range(1, whole.reports + 1, 2):
        with pytest.raises(KilledError):
            sweep.drive(sweep.conductor(), after=report)
    assert sweep.finish().outcome() == whole.outcome()


@pytest.mark.parametrize("scheduler", EVERY_POINT)
def test_an_interrupted_sweep_goes_on_as_if_nothing_had_happened(tmp_path: Path, scheduler: str) -> None:
    whole = shared(tmp_path / "whole", scheduler).finish()
    for report in range(1, whole.reports):
        limits = Limits()
        sweep = shared(tmp_path / f"{report}", scheduler)
        curve = sweep.curve

        def interrupting(
            job: Assignment, step: int, sweep: Toy = sweep, limits: Limits = limits, at: int = report, of: Curve = curve
        ) -> float:
            if sweep.reports + 1 == at:
                limits.stop("interrupted", interrupted=True)
            return of(job, step)

        sweep.curve = interrupting
        sweep.drive(sweep.conductor(limits))
        assert sweep.reports <= report  # the epoch was ended, and no other begun
        assert len(sweep.states()) < 6 or not all(state.finished for state in sweep.states())
        sweep.curve = curve
        sweep.finish()
        assert sweep.outcome() == whole.outcome(), f"interrupted in report {report}"


def test_more_trials_go_on_from_where_the_sweep_was(tmp_path: Path) -> None:
    whole = toy(tmp_path / "whole", budget={"trials": 6, "epochs": 3}).finish()
    sweep = toy(tmp_path / "grown", budget={"trials": 4, "epochs": 3}).finish()
    sweep.spec = whole.spec
    assert sweep.finish().outcome() == whole.outcome()


def test_the_same_report_twice_changes_nothing(tmp_path: Path) -> None:
    conductor = toy(tmp_path).conductor()
    job = conductor.next_job()
    assert job is not None
    assert conductor.report(0, Report(1, {"val/accuracy": 0.5}, 1.0))
    assert conductor.report(0, Report(1, {"val/accuracy": 0.9}, 1.0))
    assert conductor.ledger.trial(0).curve == {1: 0.5}
    conductor.failed(0, "broken")
    assert not conductor.report(0, Report(2, {"val/accuracy": 0.9}, 1.0))
    conductor.failed(0, "broken again")
    assert conductor.ledger.trial(0).cause == "broken"


def test_failures_beside_trials_that_wait_with_a_value_do_not_end_the_sweep(tmp_path: Path) -> None:
    sweep = toy(
        tmp_path,
        lambda job, step: math.nan if 1 <= job.number <= 6 else job.number / 20,
        budget={"trials": 12, "epochs": 3},
        scheduler="asha",
    ).finish()
    # one trial waits at the first rung while six fail there: none of the twelve is finished well by then
    assert len(sweep.states()) == 12
    assert sweep.states().count(State.FAIL) == 6


@pytest.mark.parametrize("saves_epochs", [True, False])
def test_schedulers_are_told_the_time_unless_epochs_are_what_counts(tmp_path: Path, saves_epochs: bool) -> None:
    conductor = toy(tmp_path / "toy").conductor()
    conductor.saves_epochs = saves_epochs
    told: list[Mapping[str, float]] = []
    conductor.scheduler.on_trial_result = lambda floor, seat, result: told.append(result) or "CONTINUE"  # type: ignore
    job = conductor.next_job()
    assert job is not None
    conductor.report(job.number, Report(1, {conductor.ledger.objective.metric: 0.5}, 3.0))
    assert told[0].get("time_total_s") == (None if saves_epochs else 3.0)


def test_time_counts_where_it_ends_the_sweep() -> None:
    assert not Budget(trials=8, total_epochs=100).is_of_time
    assert Budget(minutes=3).is_of_time and Budget(accelerator_hours=1).is_of_time
