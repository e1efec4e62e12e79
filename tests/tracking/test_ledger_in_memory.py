"""A ledger in memory against one on disk: told the same, they hold the same."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from tracking.ledger import Ledger
from tracking.records import CheckpointRef, Objective, Report, State

NAN = float("nan")


def suggest(trial: optuna.trial.Trial) -> dict[str, dict[str, Any]]:
    kind = trial.suggest_categorical("architecture", ["mlp", "convnet"])
    return {"architecture": {"name": kind, "width": trial.suggest_int("width", 8, 64, log=True)}}


def ask(ledger: Ledger) -> int:
    sampler = optuna.samplers.RandomSampler(seed=len(ledger.trials()))
    return ledger.ask(sampler, suggest).number


def tell(ledger: Ledger, number: int, step: int, value: float) -> bool:
    checkpoint = CheckpointRef(f"trials/{number}/{step}.ckpt", step, f"digest{step}")
    return ledger.report(number, Report(step, {"val/accuracy": value, "lr": 0.1}, step / 2, checkpoint))


def a_sweep(ledger: Ledger) -> list[bool]:
    """Trials of every fate; what each report was answered."""
    good, stopped, broken, paused, running = (ask(ledger) for _ in range(5))
    answers = [tell(ledger, good, step, value) for step, value in [(1, 0.2), (2, 0.8), (2, 0.9), (1, 0.9), (3, 0.7)]]
    answers += [tell(ledger, number, 1, value) for number, value in [(stopped, 0.1), (broken, NAN), (paused, 0.3)]]
    ledger.tell(good, State.COMPLETE)
    ledger.tell(stopped, State.PRUNED)
    ledger.tell(broken, State.COMPLETE)  # which it cannot be without a number
    ledger.pause(paused, True)
    answers += [tell(ledger, number, 2, 0.5) for number in (good, running)]
    ledger.note("minutes", 3)
    return answers


@pytest.fixture
def ledgers(tmp_path: Path) -> list[Ledger]:
    return [
        Ledger.create(tmp_path, "toy", {"budget": {"trials": 5}}, Objective(), id="toy-1"),
        Ledger.in_memory("toy", {"budget": {"trials": 5}}, Objective(), id="toy-1"),
    ]


def test_told_the_same_they_answer_and_hold_the_same(ledgers: list[Ledger]) -> None:
    answers = [a_sweep(ledger) for ledger in ledgers]
    assert answers[0] == answers[1] == [True, True, False, False, True, True, True, True, False, True]
    held = [[str(replace(it, started=None, finished=None, folder=None)) for it in led.trials()] for led in ledgers]
    assert held[0] == held[1]
    assert [str(it) for it in ledgers[0].history()] == [str(it) for it in ledgers[1].history()]
    assert [trial.state for trial in ledgers[1].trials()] == ["COMPLETE", "PRUNED", "FAIL", "PAUSED", "RUNNING"]
    records = [ledger.record() for ledger in ledgers]
    assert dict(records[0].attributes) == dict(records[1].attributes)


def test_in_memory_an_ask_that_raises_leaves_no_trial_either(ledgers: list[Ledger]) -> None:
    def raising(trial: optuna.trial.Trial) -> Any:
        trial.suggest_int("width", 8, 64, log=True)
        raise RuntimeError("no point fits")

    for ledger in ledgers:
        ask(ledger)
        with pytest.raises(RuntimeError, match="no point fits"):
            ledger.ask(optuna.samplers.RandomSampler(seed=0), raising)
        assert ask(ledger) == 1
        assert tell(ledger, 1, 1, 0.5)
        assert len(ledger.trials()) == 2


def test_in_memory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a_sweep(Ledger.in_memory("toy", {}, Objective()))
    assert list(tmp_path.iterdir()) == []
