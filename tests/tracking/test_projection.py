import math
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tracking import wording
from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.records import State, Takeover
from tracking.stores.base import RunStatus
from tracking.stores.in_memory import InMemory, MemoryRun
from tracking.stores.on_mlflow import OnMlflow

EVERY = 0.02  # seconds; so that a test does not wait


def projection_of(toy: Any, store: Any, **options: Any) -> Projection:
    return Projection(follow(toy.folder), store, every=EVERY, **options)


def trials_of(store: InMemory) -> dict[int, MemoryRun]:
    runs = [run for run in store.all_runs.values() if wording.TRIAL_TAG in run.tags]
    found = {int(run.tags[wording.TRIAL_TAG]): run for run in runs}
    assert len(found) == len(runs), "a trial has two runs"
    return found


def sweep_of(store: InMemory) -> MemoryRun:
    (run,) = [run for run in store.all_runs.values() if wording.TRIAL_TAG not in run.tags]
    return run


def assert_shows(store: InMemory, toy: Any) -> None:
    """Every trial has one run, every report of the spool is in it once and nothing else is."""
    trials = trials_of(store)
    assert set(trials) == {trial.number for trial in toy.ledger.trials()}
    for number, report in toy.ledger.history():
        for key, value in report.metrics.items():
            assert trials[number].history(key).count((report.step, value)) == 1
    told = Counter(number for number, _ in toy.ledger.history())
    for number, run in trials.items():
        assert len(run.history("val/accuracy")) == told[number]
        assert [step for step, _ in run.history(wording.EPOCH)] == list(range(1, told[number] + 1))


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.01)


# --- what is shown ---


def test_a_sweep_is_one_run_and_its_trials_are_runs_under_it(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED, State.FAIL)
    store = InMemory()
    assert projection_of(toy, store).catch_up()
    assert_shows(store, toy)
    sweep = sweep_of(store)
    assert (sweep.name, sweep.experiment, sweep.status) == ("toy", "toy", RunStatus.FINISHED)
    assert store.experiments["toy"]["mlflow.experiment.primaryMetric.name"] == "best/val/accuracy"
    for number, run in trials_of(store).items():
        assert run.name == f"trial-00{number} mlp"
        assert run.tags["mlflow.parentRunId"] == sweep.id


def test_states_mean_what_they_say(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED, State.FAIL)
    toy.train(toy.ask(), 1)
    waiting = toy.ask()
    toy.train(waiting, 1)
    toy.ledger.pause(waiting, True)
    store = InMemory()
    projection_of(toy, store).catch_up()
    shown = {run.tags["state"]: run.status for run in trials_of(store).values()}
    assert shown == {
        "COMPLETE": RunStatus.FINISHED,
        "PRUNED": RunStatus.FINISHED,
        "FAIL": RunStatus.FAILED,
        "RUNNING": RunStatus.KILLED,  # nobody drives the sweep
        "PAUSED": RunStatus.SCHEDULED,
    }
    assert trials_of(store)[2].tags["cause"] == "loss is not finite"
    assert sweep_of(store).status is RunStatus.KILLED


def test_params_are_what_was_searched_and_everything_else_that_was_chosen(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    projection_of(toy, store).catch_up()
    (run,) = trials_of(store).values()
    (trial,) = toy.ledger.trials()
    assert run.params == {
        "architecture": "mlp",
        "architecture.mlp.width": str(trial.params["architecture.mlp.width"]),
        "architecture.mlp.depth": "2",
        "optimizer": "adamw",
        "optimizer.adamw.lr": str(trial.params["optimizer.adamw.lr"]),
        "training.batch_size": "64",
    }
    assert sweep_of(store).params["architecture.mlp.width.high"] == "64"


CHECKPOINTS = [f"trials/{number}/checkpoints/epoch-0003.ckpt" for number in range(3)]


@pytest.fixture
def files(toy: Any, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The checkpoints of three trials, where their relative paths lead to."""
    monkeypatch.chdir(toy.folder)
    for path in map(Path, CHECKPOINTS):
        path.parent.mkdir(parents=True)
        path.touch()
    return [Path(path) for path in CHECKPOINTS]


def test_a_checkpoint_that_is_deleted_later_is_not_named_any_more(toy: Any, files: list[Path]) -> None:
    toy.whole(State.COMPLETE, State.PRUNED, State.COMPLETE)
    store = InMemory()
    projection = projection_of(toy, store)
    for _ in range(2):
        assert projection.catch_up()
        assert [run.tags["checkpoint"] for run in trials_of(store).values()] == CHECKPOINTS
    files[0].unlink()
    assert projection.catch_up()
    told = [run.tags["checkpoint"] for run in trials_of(store).values()]
    assert told == ["gone: the best ones of the sweep stay (checkpoints.keep)", *CHECKPOINTS[1:]]
    calls = len(store.calls)
    assert projection.catch_up()
    assert len(store.calls) == calls  # it is said once


def test_tags_tell_the_architecture_the_checkpoint_the_data_and_the_code(toy: Any, files: list[Path]) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    facts = {"git.commit": "c0ffee", "git.diff": "+ a line", "torch": "2.13.0"}
    projection_of(toy, store, facts=facts).catch_up()
    (run,) = trials_of(store).values()
    expected = {
        "architecture": "mlp",
        "optimizer": "adamw",
        "checkpoint": CHECKPOINTS[0],
        "checkpoint.digest": "digest3",
        "mlflow.source.git.commit": "c0ffee",
        "provenance.torch": "2.13.0",
    }
    assert expected.items() <= run.tags.items()
    sweep = sweep_of(store)
    assert sweep.tags["data_digest"] == "d1g35t"
    assert sweep.tags["best.trial"] == "0"
    assert not any("a line" in tag for tag in sweep.tags.values())
    assert sweep.texts["diff.patch"] == "+ a line"
    assert '"width"' in sweep.texts["spec.json"]


def test_a_copy_shows_whom_it_copies_and_how_its_numbers_change(toy: Any) -> None:
    number, donor = toy.ask(), toy.ask()
    toy.train(number, 1, 2)
    toy.train(donor, 1, 2)
    params = {**toy.ledger.trial(number).params, "optimizer.adamw.lr": 0.05}
    toy.ledger.take_over(number, Takeover(2, donor, params, toy.ledger.trial(donor).choices))
    toy.train(number, 3, 4)
    store = InMemory()
    assert projection_of(toy, store).catch_up()
    run = trials_of(store)[number]
    assert run.tags["copy_of"] == f"trial {donor} at epoch 2"
    assert run.history("optimizer.adamw.lr") == [(3, 0.05), (4, 0.05)]  # until then it is the run's parameter
    assert float(run.params["optimizer.adamw.lr"]) == toy.ledger.trial(number).params["optimizer.adamw.lr"]
    assert not run.history("architecture.mlp.width")  # it did not change
    assert "copy_of" not in trials_of(store)[donor].tags


def test_the_spec_is_kept_as_it_was_written_but_for_passwords(toy: Any) -> None:
    (toy.folder / "spec.yaml").write_text("tracking: https://me:hunter2@example.org/mlflow\n")
    toy.ask()
    store = InMemory()
    projection_of(toy, store).catch_up()
    assert sweep_of(store).texts == {"spec.yaml": "tracking: https://example.org/mlflow\n"}


def test_best_so_far_is_a_metric_of_the_trial_and_of_the_sweep(toy: Any) -> None:
    first, second = toy.ask(), toy.ask()
    for number, step, value in [
        (first, 1, 0.5),
        (second, 1, 0.4),
        (first, 2, math.nan),
        (second, 2, 0.7),
        (first, 3, 0.6),
    ]:
        toy.report(number, step, **{"val/accuracy": value})
    store = InMemory()
    projection_of(toy, store).catch_up()
    trials = trials_of(store)
    assert trials[first].history("best/val/accuracy") == [(1, 0.5), (3, 0.6)]
    assert trials[second].history("best/val/accuracy") == [(1, 0.4), (2, 0.7)]
    assert sweep_of(store).history("best/val/accuracy") == [(1, 0.5), (4, 0.7)]  # steps: reports of the whole sweep
    assert math.isnan(dict(trials[first].history("val/accuracy"))[2])


def test_a_leader_that_fails_gives_the_lead_back(toy: Any) -> None:
    first, second = toy.ask(), toy.ask()
    toy.report(first, 1, **{"val/accuracy": 0.5})
    toy.report(second, 1, **{"val/accuracy": 0.9})
    store = InMemory()
    projection = projection_of(toy, store)
    projection.catch_up()
    toy.ledger.tell(second, State.FAIL, cause="out of memory")
    for _ in range(2):
        projection.catch_up()
        projection_of(toy, store).catch_up()
    newest = store.runs("toy", {wording.LEDGER_TAG: "toy-1"})[0].metrics["best/val/accuracy"]
    assert (newest, len(sweep_of(store).points)) == (0.5, 3)
    toy.report(first, 2, **{"val/accuracy": 0.6})
    projection.catch_up()
    assert sweep_of(store).history("best/val/accuracy")[-1] == (3, 0.6)
    toy.ledger.tell(first, State.FAIL, cause="out of memory")
    projection.catch_up()
    projection_of(toy, store).catch_up()
    assert math.isnan(store.runs("toy", {wording.LEDGER_TAG: "toy-1"})[0].metrics["best/val/accuracy"])
    assert len(sweep_of(store).points) == 5


def test_the_note_says_where_the_sweep_stands(toy: Any) -> None:
    toy.whole(State.FAIL, State.COMPLETE)
    store = InMemory()
    projection_of(toy, store).catch_up()
    note = sweep_of(store).tags["mlflow.note.content"]
    assert note.startswith("**toy**: 1 complete, 1 fail; 6 epochs trained in all.")
    assert "trial-001 mlp at epoch 3" in note


def test_a_sweep_without_a_trial_is_shown_alone(toy: Any) -> None:
    store = InMemory()
    assert projection_of(toy, store).catch_up()
    assert list(store.all_runs.values()) == [sweep_of(store)]


# --- how it is kept up ---


def test_catching_up_twice_sends_nothing_more(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED)
    toy.train(toy.ask(), 1, 2)
    store = InMemory()
    projection = projection_of(toy, store)
    assert projection.catch_up()
    store.calls.clear()
    assert projection.catch_up()
    assert store.calls == []
    assert projection_of(toy, store).catch_up()  # another process only looks what is there
    assert store.calls == ["experiment", "runs"]


def test_a_run_that_comes_late_from_a_killed_driver_is_not_kept_beside_its_double(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    assert projection_of(toy, store).catch_up()
    toy.whole(State.COMPLETE)
    create = store.create

    def create_after_the_late_one(*what: Any) -> str:
        create(*what)  # what the killed driver had asked for; its answer reached nobody
        return create(*what)

    monkeypatch.setattr(store, "create", create_after_the_late_one)
    assert projection_of(toy, store).catch_up()
    shown = [run.tags.get(wording.TRIAL_TAG) for run in store.runs("toy", {})]
    assert sorted(shown, key=str) == ["0", "1", None]


def test_a_look_costs_what_is_new_and_not_what_is_old(toy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    toy.whole(*[State.COMPLETE] * 5)
    running = toy.ask()
    toy.train(running, 1)
    store = InMemory()
    projection = projection_of(toy, store)
    projection.catch_up()
    toy.train(running, 2)
    read: list[Path] = []
    original = wording.trial_params
    monkeypatch.setattr("tracking.wording.trial_params", lambda trial: read.append(trial.number) or original(trial))
    store.calls.clear()
    projection.catch_up()
    assert read == [running]
    assert store.calls == ["log", "log"]  # the sweep's note and the trial's epoch


def test_a_sweep_is_followed_epoch_by_epoch_to_the_same_end_as_at_once(toy: Any) -> None:
    followed, at_once = InMemory(), InMemory()
    projection = projection_of(toy, followed)
    numbers = [toy.ask() for _ in range(3)]
    for step in range(1, 5):
        for number in numbers:
            toy.train(number, step)
            projection.catch_up()
    for number in numbers:
        toy.ledger.tell(number, State.COMPLETE)
        projection.catch_up()
    projection_of(toy, at_once).catch_up()
    assert _content(followed) == _content(at_once)


def test_one_catching_up_shows_the_test_of_the_best_trial_too(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    toy.ledger.note(
        "test", {"trial": 0, "step": 3, "checkpoint": "digest3", "time": 1000, "metrics": {"test/accuracy": 0.5}}
    )
    store = InMemory()
    assert projection_of(toy, store).catch_up()
    assert sweep_of(store).history("test/accuracy") == trials_of(store)[0].history("test/accuracy") == [(3, 0.5)]
    assert projection_of(toy, store).catch_up()
    assert len([point for point in sweep_of(store).points if point[0] == "test/accuracy"]) == 1


def test_trials_are_shown_side_by_side_where_the_store_likes_it(toy: Any) -> None:
    toy.whole(*[State.COMPLETE] * 6)
    one, several = InMemory(), _SideBySide(at_once=3)
    assert projection_of(toy, one).catch_up()
    assert projection_of(toy, several).catch_up()
    assert several.most == 3
    assert _content(several) == _content(one)


def test_what_was_written_is_counted(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED)
    store = InMemory()
    projection = projection_of(toy, store)
    projection.catch_up()
    assert projection.written.runs == len(store.all_runs) == 3
    assert projection.written.points == sum(len(run.points) for run in store.all_runs.values())
    again = projection_of(toy, store)
    again.catch_up()
    assert (again.written.runs, again.written.points) == (0, 0)


def test_another_process_goes_on_where_a_killed_one_stopped(toy: Any) -> None:
    store = InMemory()
    number = toy.ask()
    toy.train(number, 1, 2)
    projection_of(toy, store).catch_up()
    toy.train(number, 3)
    toy.whole(State.COMPLETE)
    projection_of(toy, store).catch_up()
    assert_shows(store, toy)


def test_a_flush_cut_off_anywhere_is_completed_by_the_next(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED)
    toy.train(toy.ask(), 1, 2)
    whole = InMemory()
    projection_of(toy, whole).catch_up()
    for cut in range(len(whole.calls)):
        store = _CutOff(after=cut)
        projection = projection_of(toy, store)
        assert not projection.catch_up()
        store.after = None
        assert projection.catch_up()
        assert projection.problem is None
        assert _content(store) == _content(whole)


def test_a_request_carried_out_though_it_timed_out_leaves_one_run(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    projection_of(toy, store).catch_up()
    (run,) = trials_of(store).values()
    store.create("toy", run.name, run.tags, run.started)  # the server answered too late, after the second attempt
    projection_of(toy, store).catch_up()
    assert trials_of(store)[0] is run


def test_a_run_deleted_by_hand_comes_back(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    running = toy.ask()
    toy.train(running, 1)
    store = InMemory()
    projection = projection_of(toy, store)
    projection.catch_up()
    store.delete(trials_of(store)[running].id)
    toy.train(running, 2)
    assert not projection.catch_up()
    assert "no run" in str(projection.problem)
    assert projection.catch_up()
    assert_shows(store, toy)


def test_two_sweeps_of_one_name_stay_apart(toy: Any, tmp_path: Path) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    projection_of(toy, store).catch_up()
    (tmp_path / "again").mkdir()
    other = type(toy)(
        tmp_path / "again", Ledger.create(tmp_path / "again", "toy", toy.ledger.spec, toy.ledger.objective, id="toy-2")
    )
    other.whole(State.COMPLETE, State.COMPLETE)
    projection_of(other, store).catch_up()
    assert Counter(run.tags[wording.LEDGER_TAG] for run in store.all_runs.values()) == {"toy-1": 2, "toy-2": 3}


def test_a_report_that_the_ledger_does_not_have_yet_is_not_shown(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    snapshot = follow(toy.folder)
    record = snapshot()
    toy.train(number, 2)
    store = InMemory()
    Projection(lambda: record, store).catch_up()
    assert trials_of(store)[number].history(wording.EPOCH) == [(1, 1.0)]


# --- the thread ---


def test_the_thread_shows_what_the_driver_nudges_about(toy: Any) -> None:
    store = InMemory()
    projection = projection_of(toy, store)
    projection.start()
    number = toy.ask()
    for step in (1, 2, 3):
        toy.train(number, step)
        projection.nudge()
        until(
            lambda step=step: [run.history(wording.EPOCH)[-1:] for run in trials_of(store).values()] == [[(step, step)]]
        )
    assert trials_of(store)[number].status is RunStatus.RUNNING
    assert sweep_of(store).status is RunStatus.RUNNING
    toy.ledger.tell(number, State.COMPLETE)
    assert projection.close()
    assert trials_of(store)[number].status is RunStatus.FINISHED
    assert sweep_of(store).status is RunStatus.FINISHED
    assert_shows(store, toy)


def test_a_resumed_sweep_reopens_its_runs(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    store = InMemory()
    interrupted = projection_of(toy, store)
    interrupted.start()
    assert interrupted.close()
    assert {run.status for run in store.all_runs.values()} == {RunStatus.KILLED}
    resumed = projection_of(toy, store)
    resumed.start()
    until(lambda: {run.status for run in store.all_runs.values()} == {RunStatus.RUNNING})
    toy.ledger.tell(number, State.COMPLETE)
    assert resumed.close()
    assert {run.status for run in store.all_runs.values()} == {RunStatus.FINISHED}


def test_without_news_the_thread_asks_nothing(toy: Any) -> None:
    toy.train(toy.ask(), 1)
    store = InMemory()
    looked: list[float] = []
    snapshot = follow(toy.folder)
    projection = Projection(lambda: (looked.append(0.0), snapshot())[1], store, every=EVERY)
    projection.start()
    until(lambda: "write_text" in store.calls)
    time.sleep(10 * EVERY)
    assert len(looked) == 1
    projection.close()


def test_an_outage_is_bridged_and_said_once(toy: Any, caplog: pytest.LogCaptureFixture) -> None:
    store = InMemory()
    store.away = "connection refused"
    projection = projection_of(toy, store)
    projection.start()
    number = toy.ask()
    for step in range(1, 6):
        toy.train(number, step)
        projection.nudge()
        time.sleep(2 * EVERY)
    until(lambda: projection.problem == "connection refused")
    store.away = None
    until(lambda: bool(trials_of(store)))
    assert projection.close()
    assert_shows(store, toy)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "Tracking is behind, the sweep goes on: connection refused"
    ]


def test_closing_while_the_server_is_away_gives_up_quietly(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    store.away = "connection refused"
    projection = projection_of(toy, store)
    projection.start()
    assert projection.close() is False
    assert projection.problem == "connection refused"
    store.away = None
    assert projection_of(toy, store).catch_up()
    assert_shows(store, toy)


def test_closing_does_not_wait_longer_than_the_deadline(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    store = _Slow(seconds=1.0)
    projection = projection_of(toy, store)
    projection.start()
    began = time.monotonic()
    assert projection.close(deadline_seconds=0.1) is False
    assert time.monotonic() - began < 0.5
    assert "gave up after 0.1 seconds" in str(projection.problem)
    store.seconds = 0
    projection._thread.join()


def test_closing_without_starting_shows_the_end(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    store = InMemory()
    assert projection_of(toy, store).close()
    assert_shows(store, toy)


def test_an_unreadable_ledger_is_a_problem_and_not_an_end(toy: Any) -> None:
    store = InMemory()
    projection = Projection(follow(toy.folder / "elsewhere"), store, every=EVERY)
    projection.start()
    until(lambda: projection.problem is not None)
    projection.nudge()
    assert projection.close() is False
    assert "no ledger" in str(projection.problem)


def test_the_driver_writes_while_the_thread_reads(toy: Any) -> None:
    """Hundreds of looks among hundreds of writes: nothing torn is ever seen."""
    store = InMemory()
    projection = Projection(follow(toy.folder), store, every=0.001)
    projection.start()
    problems: set[str] = set()
    for _ in range(20):
        number = toy.ask()
        for step in range(1, 11):
            toy.train(number, step)
            projection.nudge()
            problems |= {projection.problem} if projection.problem else set()
        toy.ledger.tell(number, State.PRUNED)
    assert projection.close()
    assert problems == set()
    assert_shows(store, toy)


def test_importing_the_projection_imports_neither_mlflow_nor_torch() -> None:
    code = "import sys, tracking.projection, tracking.stores.on_mlflow; print({'mlflow', 'torch'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "set()"


# --- on MLflow itself ---


def test_a_sweep_in_mlflow_is_whole_and_sorted_by_its_best(toy: Any, on_mlflow: OnMlflow) -> None:
    toy.whole(State.COMPLETE, State.PRUNED, State.FAIL)
    assert projection_of(toy, on_mlflow).catch_up()
    assert projection_of(toy, on_mlflow).catch_up()
    assert_mlflow_shows(on_mlflow, toy)
    client = on_mlflow._client
    experiment = client.get_experiment_by_name("toy")
    runs = client.search_runs(
        [experiment.experiment_id], "tags.state != ''", order_by=["metrics.`best/val/accuracy` DESC"]
    )
    assert [run.data.tags[wording.TRIAL_TAG] for run in runs] == ["2", "1", "0"]
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


@pytest.mark.parametrize("loss", ["experiment", "database"])
def test_what_was_deleted_in_mlflow_is_shown_again(
    toy: Any, on_mlflow: OnMlflow, migrated_database: Path, tmp_path: Path, loss: str
) -> None:
    toy.whole(State.COMPLETE, State.PRUNED)
    running = toy.ask()
    toy.train(running, 1, 2)
    projection = projection_of(toy, on_mlflow)
    assert projection.catch_up()
    if loss == "experiment":
        on_mlflow._client.delete_experiment(on_mlflow._client.get_experiment_by_name("toy").experiment_id)
        store = on_mlflow
    else:
        (tmp_path / "empty.db").write_bytes(migrated_database.read_bytes())
        store = OnMlflow(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path / "artifacts")
        projection = projection_of(toy, store)
    toy.train(running, 3)
    projection.catch_up()  # an experiment that is gone is noticed by the first request that fails
    assert projection.catch_up()
    assert_mlflow_shows(store, toy)


@pytest.mark.slow
def test_a_server_that_comes_late_and_dies_in_between_has_everything_once(
    toy: Any, mlflow_uri: str, tmp_path: Path, free_port: Any, start_process: Any
) -> None:
    port = free_port()
    store = OnMlflow(f"http://127.0.0.1:{port}")
    projection = Projection(follow(toy.folder), store, every=0.1)
    projection.start()
    numbers = [toy.ask() for _ in range(3)]

    def epoch(step: int) -> None:
        for number in numbers:
            began = time.monotonic()
            toy.train(number, step)
            projection.nudge()
            assert time.monotonic() - began < 0.5  # whatever the server does

    epoch(1)
    until(lambda: projection.problem is not None, seconds=30)
    server = _serve(start_process, mlflow_uri, tmp_path, port)
    until(lambda: projection.problem is None, seconds=60)
    epoch(2)
    _kill(server)  # in mid-sweep, perhaps in mid-request
    epoch(3)
    until(lambda: projection.problem is not None, seconds=30)
    _serve(start_process, mlflow_uri, tmp_path, port)
    epoch(4)
    for number in numbers:
        toy.ledger.tell(number, State.COMPLETE)
    assert projection.close(deadline_seconds=60)
    assert_mlflow_shows(store, toy)


@pytest.mark.slow
def test_a_killed_driver_is_caught_up_by_the_next(
    toy: Any, mlflow_uri: str, tmp_path: Path, free_port: Any, start_process: Any
) -> None:
    port = free_port()
    _serve(start_process, mlflow_uri, tmp_path, port)
    uri = f"http://127.0.0.1:{port}"
    toy.whole(*[State.COMPLETE] * 8, epochs=20)
    code = (
        "import sys; from pathlib import Path; from tracking.projection import Projection, follow;"
        "from tracking.stores.on_mlflow import OnMlflow;"
        "Projection(follow(Path(sys.argv[1])), OnMlflow(sys.argv[2])).catch_up()"
    )
    store = OnMlflow(uri)
    for runs in (1, 4, 7):  # killed while the sweep's run, or a trial's, has just been made
        driver = subprocess.Popen(
            [sys.executable, "-c", code, str(toy.folder), uri], cwd=Path.cwd(), env={**os.environ}
        )
        until(lambda runs=runs: len(_runs(store)) >= runs, seconds=60)
        driver.kill()
        driver.wait()
    projection = projection_of(toy, store)
    assert projection.catch_up(), projection.problem
    assert_mlflow_shows(store, toy)


def assert_mlflow_shows(store: OnMlflow, toy: Any) -> None:
    client = store._client
    told = Counter(number for number, _ in toy.ledger.history())
    runs = [run for run in _runs(store) if wording.TRIAL_TAG in run.data.tags]
    assert sorted(int(run.data.tags[wording.TRIAL_TAG]) for run in runs) == sorted(
        t.number for t in toy.ledger.trials()
    )
    for run in runs:
        for key in ("val/accuracy", wording.EPOCH):
            steps = [point.step for point in client.get_metric_history(run.info.run_id, key)]
            assert sorted(steps) == list(range(1, told[int(run.data.tags[wording.TRIAL_TAG])] + 1))
    finished = [trial for trial in toy.ledger.trials() if trial.state.finished]
    assert len([run for run in runs if run.info.status in ("FINISHED", "FAILED")]) == len(finished)


def _runs(store: OnMlflow) -> list[Any]:
    experiment = store._client.get_experiment_by_name("toy")
    return list(store._client.search_runs([experiment.experiment_id])) if experiment else []


def _serve(start_process: Any, uri: str, folder: Path, port: int) -> Any:
    import urllib.request

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return start_process(
        [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1",
         "--artifacts-destination", str(folder / "artifacts")],
        environment,
        ready=answers,
    )  # fmt: skip


def _kill(server: subprocess.Popen[bytes]) -> None:
    """The server and the workers it started, at once."""
    family = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=10)
    server.wait()


class _CutOff(InMemory):
    """Carries out so many calls, and refuses those after them."""

    def __init__(self, after: int | None) -> None:
        super().__init__()
        self.after = after

    def _answer(self, call: str) -> None:
        self.away = "cut off" if self.after is not None and len(self.calls) >= self.after else None
        super()._answer(call)


class _SideBySide(InMemory):
    """Takes several calls at once, and knows how many there were at most."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self.at_once = at_once
        self.most, self._now, self._counting = 0, 0, threading.Lock()

    def log(self, run: str, **what: Any) -> None:
        with self._counting:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.05)  # long enough for the others to come
        super().log(run, **what)
        with self._counting:
            self._now -= 1


class _Slow(InMemory):
    """Takes its time over every call."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def _answer(self, call: str) -> None:
        time.sleep(self.seconds)
        super()._answer(call)


def _content(store: InMemory) -> list[Any]:
    """Everything of every run but its id."""
    return sorted(
        (
            run.name,
            run.status,
            sorted(run.params.items()),
            sorted((key, value) for key, value in run.tags.items() if key != wording.PARENT_TAG),
            sorted(run.points),
        )
        for run in store.all_runs.values()
    )
