"""Whole sweeps in this process: real trials on a tiny network, one after another."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient

from tracking.lease import driving
from tracking.ledger import Ledger
from tracking.records import Report, State
from tuner import Observer, Sweep, SweepError, SweepSpec
from tuner.errors import SpecError

SPEC: dict[str, Any] = {
    "name": "tiny",
    "dataset": "digits",
    "architecture": {"mlp": {"width": [8, 16], "depth": 1, "dropout": 0.2}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 3, "epochs": 2},
}
OWN_CLOCK = ("seconds", "peak_memory_mb")


@pytest.fixture(scope="module")
def finished_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one finished sweep."""
    folder = tmp_path_factory.mktemp("finished") / "home"
    shutil.copytree(empty_home, folder)
    Sweep(SPEC, home=folder).run(runner="inline")
    return folder


@pytest.fixture
def own_home(finished_home: Path, home: Path) -> Path:
    """One's own copy of the finished sweep; MLflow's tables are left as they are."""
    shutil.copytree(finished_home / "sweeps", home / "sweeps")
    return home


def curves(sweep: Sweep) -> list[list[dict[str, Any]]]:
    """Every report of every trial, but for the clocks."""
    found = []
    for trial in sweep.record().trials:
        assert trial.folder is not None
        reports = [json.loads(line) for line in (trial.folder / "metrics.jsonl").read_text().splitlines()]
        found.append([{k: v for k, v in report["metrics"].items() if k not in OWN_CLOCK} for report in reports])
    return found


def test_a_sweep_runs_its_trials_and_ranks_them(finished_home: Path) -> None:
    sweep = Sweep.open("tiny", finished_home)
    trials = sweep.record().trials
    assert [(trial.state, trial.epochs) for trial in trials] == [(State.COMPLETE, 2)] * 3
    board = sweep.leaderboard()
    best = {trial.number: max(trial.curve.values()) for trial in trials}
    assert board["trial"].tolist() == sorted(best, key=lambda number: (-best[number], number))
    assert board["value"].tolist() == [best[number] for number in board["trial"]]
    assert sweep.best is not None
    assert sweep.best.number == board["trial"].iloc[0]
    assert not sweep.interrupted


def test_the_best_trials_checkpoint_is_there_and_met_the_test_part_once(finished_home: Path) -> None:
    sweep = Sweep.open("tiny", finished_home)
    best = sweep.best
    assert best is not None
    assert best.checkpoint is not None
    assert Path(best.checkpoint.path).is_file()
    judged = sweep.record().attributes["test"]
    assert (judged["trial"], judged["checkpoint"]) == (best.number, best.checkpoint.digest)
    assert set(judged["metrics"]) >= {"test/loss", "test/accuracy"}


def test_what_lies_in_the_folder_reads_back_as_the_spec(finished_home: Path) -> None:
    sweep = Sweep.open("tiny", finished_home)
    assert sweep.folder == finished_home / "sweeps" / "tiny"
    written = yaml.safe_load((sweep.folder / "spec.yaml").read_text())
    assert SweepSpec.read(written) == sweep.spec == SweepSpec.read(SPEC)


def test_the_same_spec_gives_the_same_numbers(finished_home: Path, home: Path) -> None:
    again = Sweep(SPEC, home=home).run(runner="inline")
    assert curves(again) == curves(Sweep.open("tiny", finished_home))


def test_a_name_that_is_taken_is_refused_with_the_ways_to_go_on(own_home: Path) -> None:
    before = (own_home / "sweeps/tiny/ledger.journal").read_bytes()
    with pytest.raises(SweepError, match=r"tuner resume tiny.*tuner extend tiny"):
        Sweep(SPEC).run(runner="inline")
    assert (own_home / "sweeps/tiny/ledger.journal").read_bytes() == before
    assert own_home.joinpath("sweeps/tiny/spec.yaml").exists()


def test_resuming_what_is_over_trains_nothing(own_home: Path) -> None:
    before = curves(Sweep.open("tiny"))
    observer = Counting()
    Sweep.open("tiny").resume(runner="inline", observer=observer)
    assert observer.reports == 0
    assert curves(Sweep.open("tiny")) == before


def test_extending_adds_trials_and_remembers_it(own_home: Path) -> None:
    sweep = Sweep.open("tiny").extend(trials=1, runner="inline")
    assert [trial.state for trial in sweep.record().trials] == [State.COMPLETE] * 4
    assert Sweep.open("tiny").spec.budget.trials == 4
    assert yaml.safe_load((sweep.folder / "spec.yaml").read_text())["budget"]["trials"] == 4


@pytest.mark.parametrize("trials", [0, -1])
def test_extending_by_nothing_is_refused(own_home: Path, trials: int) -> None:
    with pytest.raises(SweepError, match=f"positive number of additional trials, got {trials}"):
        Sweep.open("tiny").extend(trials=trials)
    assert Sweep.open("tiny").spec.budget.trials == 3


class Counting(Observer):
    def __init__(self, interrupt_at: int = 0) -> None:
        self.reports = 0
        self.notes: list[str] = []
        self._at = interrupt_at

    def noted(self, text: str) -> None:
        self.notes.append(text)

    def reported(self, number: int, report: Report) -> None:
        self.reports += 1
        if self.reports == self._at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("at", [1, 3])
def test_an_interrupted_sweep_goes_on_to_the_same_numbers(finished_home: Path, home: Path, at: int) -> None:
    sweep = Sweep(SPEC, home=home).run(runner="inline", observer=Counting(at))
    assert sweep.interrupted
    states = [trial.state for trial in sweep.record().trials]
    assert states == [State.COMPLETE] * (at // 2) + [State.RUNNING]
    resumed = Sweep.open("tiny", home).resume(runner="inline")
    assert not resumed.interrupted
    assert curves(resumed) == curves(Sweep.open("tiny", finished_home))
    assert [t.state for t in resumed.record().trials] == [State.COMPLETE] * 3


def test_the_signal_handlers_come_back(own_home: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    Sweep.open("tiny").resume(runner="inline")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_sweep_that_is_driven_is_left_alone(own_home: Path) -> None:
    with driving(own_home / "sweeps" / "tiny"):
        with pytest.raises(SweepError, match="is being driven by process"):
            Sweep.open("tiny").resume(runner="inline")
        with pytest.raises(SweepError, match="is being driven by process"):
            Sweep.open("tiny").extend(trials=1, runner="inline")
        assert len(Sweep.open("tiny").leaderboard()) == 3  # looking is free


def test_an_unknown_sweep_is_refused(own_home: Path) -> None:
    with pytest.raises(SweepError, match=r"no sweep named 'tinny' .*did you mean 'tiny'"):
        Sweep.open("tinny")


def test_overrides_and_a_name_are_laid_over_any_kind_of_spec() -> None:
    for given in (SPEC, SweepSpec.read(SPEC)):
        sweep = Sweep(given, ["budget.trials=7", "optimizer=adamw"], name="other")
        assert (sweep.spec.budget.trials, sweep.spec.optimizer, sweep.name) == (7, "adamw", "other")
    sweep = Sweep("digits", ["searcher=random"])
    assert (sweep.name, sweep.spec.searcher) == ("digits", "random")


def test_a_wrong_spec_is_refused_before_anything_is_made(home: Path) -> None:
    with pytest.raises(SpecError):
        Sweep({**SPEC, "architecture": "mpl"})
    with pytest.raises(SpecError, match=r"resources\.cpus"):
        Sweep(SPEC, ["resources.cpus=100000"]).run(runner="inline")
    assert not (home / "sweeps").exists()


def test_optuna_alone_can_open_the_ledger(finished_home: Path) -> None:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = finished_home / "sweeps" / "tiny" / "ledger.journal"
    study = optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(str(path))))
    assert study.study_name == "tiny"
    assert [trial.number for trial in study.trials] == [0, 1, 2]
    best = Ledger.open(path.parent).record().best()
    assert best is not None
    assert study.best_trial.number == best.number


def test_why_a_sweep_ended_is_in_its_ledger(finished_home: Path) -> None:
    facts = Sweep.open("tiny", finished_home).record().attributes
    assert facts["ended"] == "all 3 trials are done"
    assert facts["driven_seconds"] > 0


def test_a_sweep_that_reached_its_target_goes_on_with_a_further_one(home: Path) -> None:
    sweep = Sweep(SPEC, ["objective.metric=val/loss", "objective.target=100"], home=home).run(runner="inline")
    assert [trial.epochs for trial in sweep.record().trials] == [1]
    assert "the target is 100" in sweep.record().attributes["ended"]
    assert len(Sweep.open("tiny", home).resume(runner="inline").record().trials) == 1
    grown = Sweep.open("tiny", home).extend(target=0.0001, runner="inline")
    assert [trial.epochs for trial in grown.record().trials] == [1, 2, 2]
    assert Sweep.open("tiny", home).record().attributes["ended"] == "all 3 trials are done"


def test_other_packages_are_refused_until_they_are_accepted(home: Path) -> None:
    Sweep(SPEC, home=home).run(runner="inline", observer=Counting(1))
    ledger = Ledger.open(home / "sweeps" / "tiny", read_only=False)
    made_with = ledger.study.user_attrs["made_with"]
    ledger.note("made_with", {**made_with, "packages": {**made_with["packages"], "torch": "1.0"}})
    for go_on in (Sweep.open("tiny", home).resume, partial(Sweep.open("tiny", home).extend, trials=1)):
        with pytest.raises(SweepError, match=r"torch 1\.0 -> .*\n.*--accept-changes"):
            go_on(runner="inline")
    assert [trial.epochs for trial in Sweep.open("tiny", home).record().trials] == [1]
    resumed = Sweep.open("tiny", home).resume(runner="inline", accept_changes=True)
    assert [trial.epochs for trial in resumed.record().trials] == [2, 2, 2]
    assert [it["changes"][0][:9] for it in resumed.record().attributes["accepted_changes"]] == ["torch 1.0"]


def test_another_space_and_scheduler_keep_what_fits_and_double_no_run(own_home: Path) -> None:
    before = Sweep.open("tiny").record().trials
    (wide,) = {trial.choices["architecture"]["width"] for trial in before} - {8}
    outside = [trial.number for trial in before if trial.choices["architecture"]["width"] == wide]
    space = own_home / "changed.yaml"
    space.write_text("architecture: {mlp: {width: [4, 8], depth: 1, dropout: 0.2}}")
    observer = Counting()
    sweep = Sweep.open("tiny").extend(space=space, scheduler="hyperband", runner="inline", observer=observer)
    assert observer.notes[:2] == [
        f"{3 - len(outside)} of 3 trials are kept",
        f"  {len(outside)} set aside: architecture.mlp.width must be in 4 | 8",
    ]
    after = sweep.record().trials
    assert [(it.number, it.params, it.curve, it.checkpoint) for it in after[:3]] == [
        (it.number, it.params, it.curve, it.checkpoint) for it in before
    ]
    assert len(after) == 3 + len(outside)
    assert {trial.choices["architecture"]["width"] for trial in after[3:]} <= {4, 8}
    assert all(trial.state.finished for trial in after)
    assert set(sweep.leaderboard()["trial"]) == set(range(len(after)))
    assert Sweep.open("tiny").spec == sweep.spec
    assert yaml.safe_load((sweep.folder / "spec.yaml").read_text())["scheduler"] == "hyperband"
    client = MlflowClient(sweep.home.tracking_uri)
    runs = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    tagged = sorted(run.data.tags["sweepforge.trial"] for run in runs if "sweepforge.trial" in run.data.tags)
    assert tagged == sorted(str(number) for number in range(len(after)))
    assert all(run.info.status in ("FINISHED", "FAILED") for run in runs)


def test_a_space_for_which_nothing_can_be_built_is_refused_before_anything_changes(own_home: Path) -> None:
    journal = own_home / "sweeps" / "tiny" / "ledger.journal"
    before = journal.read_bytes()
    with pytest.raises(SpecError, match="lenett"):
        Sweep.open("tiny").extend(space={"architecture": "lenett"}, runner="inline")
    with pytest.raises(SweepError, match="positive number of additional trials"):
        Sweep.open("tiny").extend(scheduler="none", runner="inline")
    assert journal.read_bytes() == before


def test_minutes_that_earlier_turns_took_are_spent(own_home: Path) -> None:
    raw = Sweep.open("tiny").spec.describe()
    raw["budget"] = {**raw["budget"], "trials": 9, "minutes": 5.0}
    ledger = Ledger.open(own_home / "sweeps" / "tiny", read_only=False)
    ledger.note("spec", raw)
    ledger.note("driven_seconds", 301.0)
    sweep = Sweep.open("tiny").resume(runner="inline")
    assert len(sweep.record().trials) == 3
    assert sweep.record().attributes["ended"] == "the time budget is used up"
    assert len(sweep.extend(minutes=5, runner="inline").record().trials) == 9


def test_a_sweep_with_several_objectives_and_constraints(home: Path) -> None:
    fixed = {"depth": 1, "dropout": 0.0, "activation": "relu", "norm": "none", "skip": False, "init": "default"}
    width = {"mlp": {"width": [8, 16, 200], **fixed}}
    sgd = {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}
    objectives = [{"metric": "val/accuracy"}, {"metric": "parameters"}, {"metric": "latency_ms"}]
    raw = {**SPEC, "architecture": width, "searcher": "grid", "optimizer": {"sgd": sgd}}
    raw |= {"training": {"batch_size": 512}, "objectives": objectives, "constraints": {"parameters": {"max": 2000}}}
    sweep = Sweep(raw, home=home).run(runner="inline")
    trials = {trial.choices["architecture"]["width"]: trial for trial in sweep.record().trials}
    # 64 x width + width, width x 10 + 10
    assert {width: trial.values["parameters"] for width, trial in trials.items()} == {8: 610, 16: 1210, 200: 15010}
    assert (trials[200].state, trials[200].epochs) == (State.PRUNED, 0)
    assert trials[200].cause == "breaks a constraint: parameters 15,010, at most 2,000"
    assert all(trials[width].values["latency_ms"] > 0 for width in (8, 16))
    board = sweep.leaderboard()
    assert set(sweep.pareto()["trial"]) == set(board.loc[board["pareto"] == 1, "trial"]) >= {trials[8].number}
    assert board["broken"].tolist()[2] == "parameters 15,010, at most 2,000"
    assert sweep.best is not None
    assert sweep.best.number != trials[200].number
    assert Sweep.open("tiny", home).spec == sweep.spec


def test_a_sweep_in_which_no_trial_keeps_the_constraints_ends_without_a_best_one(home: Path) -> None:
    raw = {**SPEC, "constraints": {"parameters": {"max": 10}}, "budget": {"trials": 2, "epochs": 1}}
    sweep = Sweep(raw, home=home).run(runner="inline")
    assert sweep.best is None
    assert [trial.state for trial in sweep.record().trials] == [State.PRUNED] * 2


@pytest.mark.slow
def test_on_ray_a_network_beyond_its_limit_costs_no_epoch(home: Path) -> None:
    raw = {**SPEC, "objectives": [{"metric": "val/accuracy"}, {"metric": "latency_ms"}]}
    raw |= {"architecture": ["linear", "lenet"], "constraints": {"parameters": {"max": 1000}}, "searcher": "random"}
    sweep = Sweep(raw, ["budget.trials=6", "budget.epochs=1", "resources.workers=2"], home=home).run()
    trials = sweep.record().trials
    assert {trial.choice("architecture"): trial.epochs for trial in trials} == {"linear": 1, "lenet": 0}
    assert all(trial.values["latency_ms"] > 0 for trial in trials if trial.epochs)
    assert set(sweep.pareto()["architecture"]) == {"linear"}


def test_a_best_network_that_mlflow_could_not_take_is_told_and_is_kept_by_resuming(
    home: Path,
    tiny_spec: dict[str, Any],
    free_port: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    sweep = Sweep(tiny_spec).run(runner="inline")
    told = "the best network is not kept as an MLflow model yet; `tuner resume tiny` does so when MLflow takes it"
    assert told in caplog.messages
    assert "model" not in sweep.record().attributes
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    caplog.clear()
    assert "model" in Sweep.open("tiny").resume(runner="inline").record().attributes
    assert told not in caplog.messages
