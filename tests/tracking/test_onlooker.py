import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from tracking.journal import Journal
from tracking.ledger import Ledger
from tracking.lines import FILE, JournalError, LedgerError
from tracking.onlooker import Onlooker
from tracking.records import CheckpointRef, Objective, Report, State, Takeover
from tracking.replay import Replay, UnfamiliarError

NAN, INF = float("nan"), float("inf")
SPEC = {"name": "any", "architecture": {"mlp": {}, "linear": {}}}
DISTRIBUTIONS = {
    "x": FloatDistribution(1e-7, 1e3, log=True),
    "tenths": FloatDistribution(-1, 1, step=0.1),
    "width": IntDistribution(8, 1024, log=True),
    "kind": CategoricalDistribution(("mlp", "linear", None, True, 3, 2.5, 'a "quoted" name')),
    'odd "name" \\ é': IntDistribution(-5, 5),
}


@pytest.fixture(autouse=True)
def _nothing_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)


def same(folder: Path) -> bool:
    """Whether looking gives what Optuna gives: texts, for NaN is not equal to itself, and 1 is equal to 1.0."""
    assert repr(Onlooker(folder).record()) == repr(Ledger.open(folder).record())
    return True


# --- what a driver writes ---


class Driver:
    """Does anything to a ledger that a sweep's driver may do, by chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        folder.mkdir(parents=True)
        more: dict[str, Any] = {}
        if seed % 3 == 1:
            more["further"] = [{"metric": "size", "mode": "min"}]
        if seed % 3 == 2:
            more["constraints"] = [{"metric": "size", "max": 0.7}]
        self.ledger = Ledger.create(folder, "any", SPEC, Objective(mode=self.chance.choice(["max", "min"])), **more)
        self.sampler = optuna.samplers.RandomSampler(seed=seed)

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        names = self.chance.sample(sorted(DISTRIBUTIONS), self.chance.randint(0, len(DISTRIBUTIONS)))
        values = {name: trial._suggest(name, DISTRIBUTIONS[name]) for name in names}
        return {"architecture": {"name": "mlp", **values}, "dataset": {"name": "é \u2028 x", "classes": None}}

    def act(self) -> None:
        acts: list[Callable[[], object]] = [self.ask] * 3 + [self.report] * 8 + [self.tell, self.pause, self.lose]
        self.chance.choice([*acts, self.take_over, self.note, self.measure])()

    def ask(self) -> None:
        self.ledger.ask(self.sampler, self.suggest)

    def one(self) -> int | None:
        at_work = [trial.number for trial in self.ledger.trials() if not trial.state.finished]
        return self.chance.choice(at_work) if at_work else None

    def report(self) -> None:
        if (number := self.one()) is not None:
            step = self.ledger.trial(number).epochs + self.chance.choice([0, 1, 1, 1, 2])
            value = self.chance.choice([self.chance.random(), -1e-9, 3, 1e22, 0.0, NAN, INF, -INF])
            metrics = {"val/accuracy": value, "size": self.chance.random(), "parameters": 7.0}
            checkpoint = self.chance.choice([None, CheckpointRef("a", step, "d")])
            self.ledger.report(number, Report(step, metrics, self.chance.random(), checkpoint))

    def tell(self) -> None:
        if (number := self.one()) is not None:
            state = self.chance.choice([State.COMPLETE, State.PRUNED, State.FAIL])
            self.ledger.tell(number, state, cause=self.chance.choice([None, 'a "cause"\nin lines']))

    def pause(self) -> None:
        if (number := self.one()) is not None:
            self.ledger.pause(number, self.chance.random() < 0.5)

    def lose(self) -> None:
        if (number := self.one()) is not None:
            self.ledger.lost(number)

    def take_over(self) -> None:
        if (number := self.one()) is not None:
            self.ledger.take_over(number, Takeover(1, 0, {"x": 1.0}, {"a": {"name": "b"}}, 2.0, None))

    def note(self) -> None:
        self.ledger.note(self.chance.choice(["ended", "planned"]), self.chance.choice([None, "text", [1, {"a": 2.0}]]))

    def measure(self) -> None:
        if (number := self.one()) is not None and not self.ledger.goals.single:
            self.ledger.measured(number, {"val/accuracy": 0.5, "size": 0.9})


@pytest.mark.parametrize("seed", range(12))
def test_looking_gives_what_optuna_gives_whatever_a_driver_wrote(tmp_path: Path, seed: int) -> None:
    driver, onlooker = Driver(tmp_path / "any", seed), Onlooker(tmp_path / "any")
    for count in range(80):
        driver.act()
        if count % 10 == 0:
            assert repr(onlooker.record()) == repr(driver.ledger.record())
    assert same(driver.folder)
    assert repr(onlooker.record()) == repr(driver.ledger.record())
    assert onlooker._ledger is None  # Optuna was not asked


def test_a_rebuilt_study_is_told_from_the_one_before(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "any", 0)
    for _ in range(60):
        driver.act()
    onlooker = Onlooker(driver.folder)
    before = onlooker.record()

    def without_x(trial: optuna.trial.FrozenTrial) -> optuna.trial.FrozenTrial:
        trial.params = {name: value for name, value in trial.params.items() if name != "x"}
        trial.distributions = {name: value for name, value in trial.distributions.items() if name != "x"}
        return trial

    driver.ledger.rebuild(without_x, {}, {"spec": {"name": "other"}})
    driver.ask()
    assert same(driver.folder)
    after = onlooker.record()
    assert repr(after) == repr(driver.ledger.record())
    assert len(after.trials) == len(before.trials) + 1
    assert after.spec == {"name": "other"}
    assert onlooker._ledger is None


def test_killed_at_any_byte_both_see_the_same(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "any", 1)
    for _ in range(6):
        driver.ask()
    driver.report()
    driver.tell()
    path = driver.folder / FILE
    whole = path.read_bytes()
    for cut in range(len(whole) - 3000, len(whole), 29):
        path.write_bytes(whole[:cut])
        assert same(driver.folder)


def test_a_sweep_made_anew_under_the_same_name_is_seen_as_it_is(toy: Any) -> None:
    onlooker = Onlooker(toy.folder)
    toy.whole(State.COMPLETE, State.FAIL)
    assert len(onlooker.record().trials) == 2
    path = toy.folder / FILE
    lines = path.read_text().splitlines(keepends=True)
    path.unlink()
    again = Ledger.create(toy.folder, "anew", {"name": "anew"}, Objective())
    for _ in range(len(lines)):
        again.note("padding", "x" * 200)  # as long as the other was, and longer
    assert onlooker.record().name == "anew"
    assert onlooker.record().trials == []


# --- what others may write ---


def optunas(path: Path) -> dict[str, Any]:
    """All studies of a journal by Optuna."""
    storage = JournalStorage(JournalFileBackend(str(path)))
    return {
        study.study_name: (study.user_attrs, [_facts(trial) for trial in storage.get_all_trials(study._study_id)])
        for study in storage.get_all_studies()
    }


def _facts(it: optuna.trial.FrozenTrial) -> tuple[Any, ...]:
    times = (it.datetime_start, it.datetime_complete)
    return it.number, it.state.name, it.params, it.intermediate_values, it.user_attrs, *times


def ours(path: Path) -> dict[str, Any]:
    """The same by our own replay."""
    replay = Replay(path)
    replay.tell(path.read_bytes())
    return {
        study.name: (
            study.attributes,
            [(it.number, it.state, it.params, it.curve, it.attributes, it.started, it.finished) for it in study.trials],
        )
        for study in replay.studies.values()
    }


def entries_of_anyone(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Entries by chance, sensible and not: for trials that are over or not there, for studies that were deleted."""
    yield {"op_code": 0, "study_name": "a", "directions": [1]}
    while True:
        moment = f"2026-11-21T09:29:{chance.randint(10, 59)}.725701+00:00"
        study, trial = {"study_id": chance.choice([0, 0, 0, 1, 2])}, {"trial_id": chance.choice([0, 1, 2, 3, 9])}
        name = chance.choice(sorted(DISTRIBUTIONS))
        distribution = optuna.distributions.distribution_to_json(DISTRIBUTIONS[name])
        internal = chance.choice([1, 2, 3.0, 1e-05, 5.5])
        value: Any = chance.choice([None, 1, 0.5, -2e-07, NAN, {"deep": ["é", {}]}])
        start = {"op_code": 4, **study, "datetime_start": moment}
        param = {"param_name": name, "param_value_internal": internal, "distribution": distribution}
        state = {"state": chance.choice([0, 0, 1, 2, 3, 4]), "values": [0.5]}
        finished = {"state": 1, "params": {name: internal}, "distributions": {name: distribution}}
        finished |= {"intermediate_values": {"1": 0.5}, "user_attrs": {"a": 1}, "datetime_complete": moment}
        yield chance.choice(
            [
                {"op_code": 0, "study_name": chance.choice("ab"), "directions": [1]},
                *([{"op_code": 1, **study}] if chance.random() < 0.1 else []),
                {"op_code": 2, **study, "user_attr": {chance.choice("xy"): value}},
                {"op_code": 3, **study, "system_attr": {"x": value}},
                start,
                start | finished,
                start | {"state": 4, "user_attrs": {}},
                *[{"op_code": 5, **trial, **param}] * 4,
                {"op_code": 6, **trial, **state, "datetime_start": moment, "datetime_complete": moment},
                *[{"op_code": 7, **trial, "step": chance.randint(-1, 9), "intermediate_value": value}] * 4,
                {"op_code": 8, **trial, "user_attr": {chance.choice("xy"): value}},
                {"op_code": 9, **trial, "system_attr": {"x": value}},
            ]
        )


@pytest.mark.parametrize("seed", range(40))
def test_looking_gives_what_optuna_gives_whatever_anyone_wrote(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / FILE, random.Random(seed)
    entries = entries_of_anyone(chance)
    for _ in range(chance.randint(1, 250)):
        first, *rest = next(entries).items()
        worker = chance.choice(["one-1", "two-2", 'odd "one"'])
        entry = dict([first, ("worker_id", worker), *rest])
        if chance.random() < 0.1:
            entry = dict(chance.sample(list(entry.items()), len(entry)))  # nobody promised an order
        if chance.random() < 0.1:
            entry["more"] = 1
        with path.open("a", encoding="utf-8") as file:
            separators = chance.choice([(",", ":"), (",", ":"), (", ", ": ")])
            file.write(json.dumps(entry, separators=separators, ensure_ascii=chance.random() < 0.8) + "\n")
    assert repr(ours(path)) == repr(optunas(path))


def test_a_journal_of_optunas_own_client_is_understood(tmp_path: Path) -> None:
    path = tmp_path / FILE
    storage = JournalStorage(JournalFileBackend(str(path)))
    study = optuna.create_study(storage=storage, study_name="theirs", sampler=optuna.samplers.RandomSampler(seed=0))
    study.enqueue_trial({"x": 0.5})

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 9, step=2)
        trial.report(x, 1)
        if trial.number == 3:
            raise optuna.TrialPruned
        return x + len(trial.suggest_categorical("c", ["a", "bb"]))

    study.optimize(objective, n_trials=6)
    study.enqueue_trial({"x": 0.25})
    assert repr(ours(path)) == repr(optunas(path))
    assert {it.state for it in study.trials} == {TrialState.COMPLETE, TrialState.PRUNED, TrialState.WAITING}


# --- what only Optuna understands ---


def add(folder: Path, **entry: Any) -> None:
    Journal(folder / FILE).append_logs([{"worker_id": "other", **entry}])


def param(choices: list[Any]) -> dict[str, Any]:
    text = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": choices}})
    return {"op_code": 5, "param_name": "c", "param_value_internal": 0, "distribution": text}


@pytest.mark.parametrize(
    "entries",
    [
        [{"op_code": 10, "study_id": 0}],
        [param(["a", "b"]) | {"trial_id": 0}, param(["b", "a"]) | {"trial_id": 1}],
        [param(["a", "b"]) | {"trial_id": 0, "distribution": '{"type":"int","low":0,"high":9}'}],
    ],
    ids=["an operation of other versions", "another list under the same name", "an old way to write it"],
)
def test_what_is_unfamiliar_is_left_to_optuna(toy: Any, entries: list[dict[str, Any]]) -> None:
    toy.ask(), toy.ask()
    for entry in entries:
        add(toy.folder, **entry)
    with pytest.raises(UnfamiliarError):
        ours(toy.folder / FILE)
    onlooker = Onlooker(toy.folder)
    assert repr(onlooker.record()) == repr(Ledger.open(toy.folder).record())
    toy.train(0, 1)
    assert repr(onlooker.record()) == repr(Ledger.open(toy.folder).record())


def test_a_distribution_with_more_beside_it_is_not_taken_by_its_text(toy: Any) -> None:
    toy.ask(), toy.ask()
    distribution = json.dumps(param(["a", "b"])["distribution"])
    line = '{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"c","param_value_internal":0,"distribution":'
    with (toy.folder / FILE).open("a") as file:
        file.write(f"{line}{distribution}}}\n")
        file.write(f'{line}{distribution},"trial_id":1,"param_value_internal":1}}\n')  # the last of equal keys counts
    assert same(toy.folder)
    assert [it.params["c"] for it in Onlooker(toy.folder).record().trials] == ["a", "b"]


# --- errors ---


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"{}",
        b"17",
        b'{"op_code":7,"worker_id":"w","trial_id":0,"step":1,"intermediate_value":0.5',
        b'{"op_code":7,"worker_id":"w","trial_id":0,"step":01,"intermediate_value":0.5}',
        b'{"op_code":7,"worker_id":"w\t","trial_id":0,"step":1,"intermediate_value":0.5}',
        b'{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","param_value_internal":1,"distribution":"{}" 5}',
        b'{"op_code":8,"worker_id":"\xff"}',
    ],
)
def test_a_damaged_line_is_named_by_both(toy: Any, line: bytes) -> None:
    toy.ask()
    before = (toy.folder / FILE).read_bytes()
    (toy.folder / FILE).write_bytes(before + line + b"\n" + before)
    onlooker = Onlooker(toy.folder)
    for look in (onlooker.record, lambda: Ledger.open(toy.folder), onlooker.record):
        with pytest.raises(JournalError, match=rf"line {before.count(bytes([10])) + 1} is not a journal entry"):
            look()
    (toy.folder / FILE).write_bytes(before)
    assert len(onlooker.record().trials) == 1


def test_a_missing_ledger_and_one_without_a_study_are_named(toy: Any, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger in"):
        Onlooker(tmp_path / "nowhere").record()
    (toy.folder / FILE).write_text("")
    with pytest.raises(LedgerError, match="holds no study"):
        Onlooker(toy.folder).record()


def test_looking_writes_nothing_and_imports_no_optuna(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    before = sorted(toy.folder.rglob("*"))
    code = "import sys; from pathlib import Path; from tracking.onlooker import Onlooker; from tuner import display; "
    code += f"print(display.status(Onlooker(Path({str(toy.folder)!r})).record())); "
    code += "print(sys.modules.keys() & {'optuna', 'torch', 'ray', 'mlflow', 'lightning'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith("toy: 1 of 4 trials (1 complete)")
    assert done.stdout.splitlines()[-1] == "set()"
    assert sorted(toy.folder.rglob("*")) == before
