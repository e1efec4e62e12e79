"""The campaign's checks find what they are there to find, and its table says what was measured."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from survival import campaign, checks, table
from survival.campaign import Row

from tracking.ledger import Ledger
from tracking.projection import Projection, follow
from tracking.records import Objective, Report, State, SweepRecord
from tracking.stores.in_memory import InMemory
from tracking.wording import EPOCH, TRIAL_TAG


def suggest(trial: optuna.Trial) -> Mapping[str, Mapping[str, Any]]:
    return {"architecture": {"name": "mlp", "width": trial.suggest_int("architecture.mlp.width", 8, 64)}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sweeps" / "small"
    folder.mkdir(parents=True)
    ledger = Ledger.create(folder, "small", {"name": "small"}, Objective(), id="small-1")
    for _ in range(3):
        number = ledger.ask(optuna.samplers.RandomSampler(seed=0), suggest).number
        for step in (1, 2):
            ledger.report(number, Report(step, {"val/accuracy": step / 10 + number / 100}, float(step)))
        ledger.tell(number, State.COMPLETE)
    ledger.note("ended", "all 3 trials are done")
    return folder


@pytest.fixture
def record(folder: Path) -> SweepRecord:
    return Ledger.open(folder).record()


def test_a_whole_sweep_has_no_problems(record: SweepRecord) -> None:
    assert [*checks.ledger(record, 3), *checks.spools(record)] == []
    assert checks.differences(checks.decisions(record), checks.decisions(record)) == []


def test_a_missing_a_running_and_an_unended_one_are_found(record: SweepRecord) -> None:
    assert "4 trials were planned" in next(checks.ledger(record, 4))
    running = replace(record, trials=[*record.trials[:2], replace(record.trials[2], state=State.RUNNING)])
    assert list(checks.ledger(running, 3)) == ["trial 2 is RUNNING"]
    assert list(checks.ledger(replace(record, attributes={}), 3)) == ["the sweep is not noted as ended"]


def test_a_lost_report_is_found_and_one_written_twice_is_not_a_loss(record: SweepRecord) -> None:
    spool = record.folder / "trials" / "1" / "metrics.jsonl"
    lines = spool.read_text().splitlines(keepends=True)
    spool.write_text("".join([*lines, lines[-1]]))  # written again after a kill between spool and ledger
    assert list(checks.spools(record)) == []
    spool.write_text(lines[0])
    assert list(checks.spools(record)) == ["trial 1 reported 2 epochs, its spool has [1]"]


def test_epochs_trained_again_are_counted(tmp_path: Path) -> None:
    counted = tmp_path / "trained.txt"
    counted.write_text("0 1\n0 2\n0 2\n1 1\n")
    assert list(checks.repeated(counted, 1)) == []
    assert list(checks.repeated(counted, 0)) == ["1 epochs were trained again after 0 faults: ['0 2']"]


def test_another_value_state_or_point_is_a_difference(record: SweepRecord) -> None:
    first = record.trials[0]
    mine = checks.decisions(record)
    other = replace(record, trials=[replace(first, state=State.PRUNED, curve={1: 0.1}), *record.trials[1:]])
    found = checks.differences(mine, checks.decisions(other))
    assert [text.split(" is ")[0] for text in found] == ["trial 0: curve", "trial 0: state"]
    assert checks.differences(mine, mine[:2]) == ["3 trials against 2"]


class Shown:
    """What MLflow's database would answer."""

    def __init__(self, folder: Path) -> None:
        self.store = InMemory()
        assert Projection(follow(folder), self.store).catch_up()
        self.runs = {run.id: str(run.status) for run in self.store.all_runs.values()}
        tagged = [(run.id, run.tags.get(TRIAL_TAG)) for run in self.store.all_runs.values()]
        self.trials = {run: trial for run, trial in tagged if trial}
        self.points = {
            run.id: [(point.key, point.step) for point in run.points.values()] for run in self.store.all_runs.values()
        }

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        if "from runs" in statement:
            return list(self.runs.items())
        if "from tags" in statement:
            return list(self.trials.items())
        return list(self.points[statement.split("'")[1]])


def test_what_mlflow_shows_wrongly_is_found(record: SweepRecord) -> None:
    shown = Shown(record.folder)
    assert list(checks.shown(record, shown.query, "small")) == []
    run = next(run for run, trial in shown.trials.items() if trial == "1")
    shown.points[run].append((EPOCH, 2))
    assert "more than once" in next(checks.shown(record, shown.query, "small"))
    shown.points[run] = [point for point in shown.points[run] if point != (EPOCH, 2)]
    assert "missing" in next(checks.shown(record, shown.query, "small"))
    shown = Shown(record.folder)
    shown.runs[run] = "RUNNING"
    assert list(checks.shown(record, shown.query, "small")) == ["there are runs in MLflow that are RUNNING"]
    shown = Shown(record.folder)
    del shown.runs[run]
    assert "the trials of the runs" in next(checks.shown(record, shown.query, "small"))


def rows(path: Path, *found: Row) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Row.__dataclass_fields__)
        writer.writerows([[getattr(row, name) for name in Row.__dataclass_fields__] for row in found])


def test_the_last_row_of_an_injection_counts_and_the_table_counts_all(tmp_path: Path) -> None:
    lost = Row("sigint", 0, 0, False, "one epoch was lost", 5.0, "2026-01-01", "Linux")
    rows(tmp_path / "results.csv", lost, replace(lost, number=1), replace(lost, held=True, problem=""))
    found = campaign.read(tmp_path / "results.csv")
    assert [(row.number, row.held) for row in found] == [(0, True), (1, False)]
    (line,) = [line for line in table.table(found).splitlines() if line.startswith("| `sigint`:")]
    assert line.endswith("| 2 | 1 | 5 |")
    text = table.summary(found, campaign.history(tmp_path / "results.csv"))
    assert text.startswith("1 of 2 injections held (2026-01-01; Linux).")
    held, first = text.split("Not held at first")
    assert "- `sigint` 1 (seed 0): one epoch was lost" in held
    assert "- `sigint` 0 (seed 0): one epoch was lost" in first


@pytest.mark.parametrize("name", campaign.names())
def test_every_fault_says_what_it_does_and_promises(name: str) -> None:
    told, promised = table._about(name)
    assert told
    assert promised
    assert campaign.times(name) >= 5
