import math
from pathlib import Path

import pytest

from tracking.stores import limits
from tracking.stores.base import Point, RunStatus, RunStore, StoreError
from tracking.stores.in_memory import InMemory
from tracking.stores.on_mlflow import OnMlflow


@pytest.fixture(params=["in_memory", "on_mlflow"])
def store(request: pytest.FixtureRequest) -> RunStore:
    return InMemory() if request.param == "in_memory" else request.getfixturevalue("on_mlflow")


@pytest.fixture
def run(store: RunStore) -> tuple[str, str]:
    """An experiment and a run in it."""
    experiment = store.experiment("digits", {})
    return experiment, store.create(experiment, "trial-000", {"of": "a sweep"}, 1_700_000_000_000)


# --- the contract, the same for every store ---


def test_an_experiment_is_found_again_by_its_name(store: RunStore) -> None:
    assert store.experiment("digits", {}) == store.experiment("digits", {"kind": "x"})
    assert store.experiment("mnist", {}) != store.experiment("digits", {})


def test_a_new_run_is_running_and_has_its_tags(store: RunStore, run: tuple[str, str]) -> None:
    (stored,) = store.runs(run[0], {"of": "a sweep"})
    assert (stored.id, stored.status, stored.tags["of"]) == (run[1], RunStatus.RUNNING, "a sweep")
    assert stored.params == {}
    assert stored.metrics == {}


def test_runs_are_found_by_all_the_tags_and_oldest_first(store: RunStore) -> None:
    experiment = store.experiment("digits", {})
    made = [
        store.create(experiment, "t", {"sweep": sweep, "it's": "x"}, time)
        for sweep, time in [("a", 2), ("a", 1), ("b", 3), ("a", 4)]
    ]
    assert [found.id for found in store.runs(experiment, {"sweep": "a"})] == [made[1], made[0], made[3]]
    assert [found.id for found in store.runs(experiment, {"sweep": "b", "it's": "x"})] == [made[2]]
    assert store.runs(experiment, {"sweep": "it's"}) == []


def test_more_runs_than_fit_on_a_page_are_all_found(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.stores.on_mlflow._A_PAGE", 2)
    experiment = store.experiment("digits", {})
    made = [store.create(experiment, "t", {"sweep": "a"}, time) for time in range(1, 6)]
    assert [found.id for found in store.runs(experiment, {"sweep": "a"})] == made


def test_the_newest_value_of_a_metric_is_that_of_its_last_step(store: RunStore, run: tuple[str, str]) -> None:
    store.log(
        run[1], points=[Point("val/accuracy", value, step, step) for step, value in [(1, 0.5), (3, 0.7), (2, 0.9)]]
    )
    assert store.runs(run[0], {})[0].metrics == {"val/accuracy": 0.7}


def test_the_same_point_logged_again_is_there_once(store: RunStore, run: tuple[str, str]) -> None:
    points = [Point("loss", 0.5, 1, 10), Point("loss", math.nan, 2, 20), Point("loss", 0.25, 3, 30)]
    store.log(run[1], points=points[:2])
    store.log(run[1], points=points)
    (_, first), (_, second), (_, third) = _history(store, run[1], "loss")
    assert (first, third) == (0.5, 0.25)
    assert math.isnan(second)


def test_a_param_stays_and_a_tag_may_change(store: RunStore, run: tuple[str, str]) -> None:
    store.log(run[1], params={"width": "64"}, tags={"state": "RUNNING"})
    store.log(run[1], params={"width": "64"}, tags={"state": "PRUNED"})
    (stored,) = store.runs(run[0], {})
    assert stored.params == {"width": "64"}
    assert stored.tags["state"] == "PRUNED"
    with pytest.raises(StoreError, match="width"):
        store.log(run[1], params={"width": "65"})


def test_names_and_values_of_any_form_and_length_are_taken(store: RunStore, run: tuple[str, str]) -> None:
    store.log(
        run[1],
        params={"a=b/../c": "x" * 7000, "/": "empty"},
        tags={"ü(1)": "y" * 9000, "t" * 300: "long"},
        points=[Point("val//accuracy@5", 1.0, 1, 1)],
    )
    (stored,) = store.runs(run[0], {})
    assert set(stored.params) == {"a_b/c", "_"}
    assert stored.params["a_b/c"].endswith("x... [cut, 7000 characters in all]")
    assert stored.tags["ü_1_"].endswith("y... [cut, 9000 characters in all]")
    assert {"long"} == {value for key, value in stored.tags.items() if key.startswith("ttt")}
    assert stored.metrics == {"val/accuracy_5": 1.0}


def test_more_than_fits_into_one_batch_is_all_there(store: RunStore, run: tuple[str, str]) -> None:
    store.log(
        run[1],
        points=[Point("loss", step / 7, step, step) for step in range(2500)],
        params={f"p{number}": "x" * 6000 for number in range(210)},
        tags={f"t{number}": "y" for number in range(205)},
    )
    (stored,) = store.runs(run[0], {})
    assert len(stored.params) == 210
    assert len([key for key in stored.tags if key.startswith("t")]) == 205
    assert _history(store, run[1], "loss") == [(step, step / 7) for step in range(2500)]


def test_a_run_ends_and_is_reopened(store: RunStore, run: tuple[str, str]) -> None:
    for status in [RunStatus.FINISHED, RunStatus.RUNNING, RunStatus.SCHEDULED, RunStatus.FAILED, RunStatus.KILLED]:
        store.set_status(run[1], status, 1_700_000_009_000)
        assert store.runs(run[0], {})[0].status is status


def test_a_deleted_run_is_gone(store: RunStore, run: tuple[str, str]) -> None:
    store.delete(run[1])
    assert store.runs(run[0], {}) == []
    with pytest.raises(StoreError):
        store.log(run[1], tags={"state": "FAIL"})


# --- each by itself ---


def test_every_batch_keeps_within_mlflows_limits() -> None:
    batches = list(
        limits.batches(
            [Point("loss", 1.0, step, step) for step in range(1700)],
            {f"p{number}": "x" * 6000 for number in range(230)},
            {f"t{number}": "y" * 8000 for number in range(150)},
        )
    )
    for batch in batches:
        assert len(batch.points) + len(batch.params) + len(batch.tags) <= 1000
        assert len(batch.params) <= 100
        assert len(batch.tags) <= 100
        assert sum(len(text) for text in [*batch.params.values(), *batch.tags.values()]) < 1_000_000
    assert [point.step for batch in batches for point in batch.points] == list(range(1700))


def test_an_ordinary_report_costs_one_request() -> None:
    assert len(list(limits.batches([Point("loss", 1.0, 1, 1)], {"width": "64"}, {"state": "RUNNING"}))) == 1
    assert list(limits.batches([], {}, {})) == []


def test_making_names_and_values_fit_twice_changes_nothing_more() -> None:
    for given in ["a=b", "x" * 300, "../..", "val/loss"]:
        assert limits.name(limits.name(given)) == limits.name(given)
    assert limits.cut(limits.cut("x" * 9000, 8000), 8000) == limits.cut("x" * 9000, 8000)
    assert limits.name("x" * 300 + "a") != limits.name("x" * 300 + "b")


def test_a_deleted_experiment_is_brought_back_with_its_runs(on_mlflow: OnMlflow) -> None:
    experiment = on_mlflow.experiment("digits", {})
    run = on_mlflow.create(experiment, "t", {"sweep": "a"}, 1)
    on_mlflow._client.delete_experiment(experiment)
    assert on_mlflow.experiment("digits", {"kind": "x"}) == experiment
    assert [found.id for found in on_mlflow.runs(experiment, {"sweep": "a"})] == [run]


def test_a_databases_files_lie_where_they_were_told_to(on_mlflow: OnMlflow, tmp_path: Path) -> None:
    run = on_mlflow.create(on_mlflow.experiment("../my sweep", {}), "t", {}, 1)
    on_mlflow.write_text(run, "spec.yaml", "name: x\n")
    (file,) = (tmp_path / "artifacts").rglob("spec.yaml")
    assert file.read_text() == "name: x\n"
    assert file.is_relative_to(tmp_path / "artifacts" / "_my_sweep")


def test_the_start_and_end_of_a_run_are_the_trials_own(on_mlflow: OnMlflow) -> None:
    run = on_mlflow.create(on_mlflow.experiment("digits", {}), "trial-000 mlp", {}, 1_700_000_000_000)
    on_mlflow.set_status(run, RunStatus.FINISHED, 1_700_000_009_000)
    info = on_mlflow._client.get_run(run).info
    assert (info.run_name, info.start_time, info.end_time) == ("trial-000 mlp", 1_700_000_000_000, 1_700_000_009_000)


def test_a_server_that_is_away_is_said_so_soon_and_without_its_password() -> None:
    store = OnMlflow("http://user:hunter2@127.0.0.1:9")  # port 9: nothing listens there
    with pytest.raises(StoreError, match="check that it runs") as caught:
        store.experiment("digits", {})
    assert "hunter2" not in str(caught.value)


def test_memory_says_it_is_away_when_told_to() -> None:
    store = InMemory()
    store.away = "maintenance"
    with pytest.raises(StoreError, match="maintenance"):
        store.experiment("digits", {})
    assert store.calls == ["experiment"]


def _history(store: RunStore, run: str, key: str) -> list[tuple[int, float]]:
    if isinstance(store, InMemory):
        return store.all_runs[run].history(key)
    assert isinstance(store, OnMlflow)
    return sorted((point.step, point.value) for point in store._client.get_metric_history(run, key))
