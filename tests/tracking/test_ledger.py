import math
import os
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tracking.ledger import Ledger
from tracking.lines import FILE, JournalError, LedgerError, begun
from tracking.records import CheckpointRef, Objective, Report, State, Takeover


def reopened(toy: Any) -> Ledger:
    return Ledger.open(toy.folder)


def test_a_trial_is_on_disk_whole_before_anything_runs(toy: Any) -> None:
    number = toy.ask()
    (trial,) = reopened(toy).trials()
    assert (trial.number, trial.state, trial.epochs) == (number, State.RUNNING, 0)
    assert trial.choices["architecture"] == {"name": "mlp", "width": trial.params["architecture.mlp.width"], "depth": 2}
    assert trial.started is not None


def test_killed_at_any_byte_of_an_ask_leaves_it_whole_or_not_at_all(toy: Any) -> None:
    toy.ask()
    before = (toy.folder / FILE).read_bytes()
    toy.ask()
    after = (toy.folder / FILE).read_bytes()
    ends = [len(before) + index + 1 for index, byte in enumerate(after[len(before) :]) if byte == ord("\n")]
    for cut in [len(before), len(before) + 5, ends[-1] - 1]:
        (toy.folder / FILE).write_bytes(after[:cut])
        Ledger.open(toy.folder, read_only=False)
        found = reopened(toy).trials()
        assert "choices" in found[0].attributes
        assert (toy.folder / FILE).read_bytes().endswith(b"\n")


def test_an_ask_that_raises_leaves_no_trial_here_or_on_disk(toy: Any) -> None:
    toy.ask()

    def raising(trial: optuna.trial.Trial) -> Any:
        trial.suggest_int("architecture.mlp.width", 8, 64)
        trial.suggest_float("optimizer.adamw.lr", 1e-4, 1e-1, log=True)
        trial.set_user_attr("more", "entries than the next ask writes")
        raise RuntimeError("no point fits")

    with pytest.raises(RuntimeError, match="no point fits"):
        toy.ledger.ask(toy.sampler, raising)
    assert len(toy.ledger.trials()) == 1
    assert toy.ask() == 1
    toy.train(1, 1, 2)
    toy.ledger.tell(1, State.COMPLETE)
    assert toy.ledger.trials() == reopened(toy).trials()


def test_a_report_is_kept_once(toy: Any) -> None:
    number = toy.ask()
    assert toy.report(number, 1) is True
    assert toy.report(number, 2) is True
    assert toy.report(number, 2, **{"val/accuracy": 0.0}) is False
    assert toy.report(number, 1) is False
    assert list(toy.ledger.trial(number).curve) == [1, 2]
    assert len(toy.ledger.history()) == 2


def test_a_report_after_the_end_changes_nothing(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    toy.ledger.tell(number, State.PRUNED)
    assert toy.report(number, 2) is False
    assert toy.ledger.trial(number).epochs == 1
    assert len(toy.ledger.history()) == 1


def test_a_report_without_the_objective_is_refused_before_it_is_kept(toy: Any) -> None:
    number = toy.ask()
    with pytest.raises(LedgerError, match=r"'val/accuracy'; trial 0 reported \['val/loss'\] at step 1"):
        toy.ledger.report(number, Report(1, {"val/loss": 0.5}, 1.0))
    assert toy.report(number, 1) is True
    assert [report.step for _, report in toy.ledger.history()] == [1]


def test_history_is_the_order_in_which_reports_came(toy: Any) -> None:
    first, second = toy.ask(), toy.ask()
    order = [(first, 1), (second, 1), (second, 2), (first, 2), (first, 3)]
    for number, step in order[:3]:
        toy.report(number, step)
    toy.ledger = Ledger.open(toy.folder, read_only=False)  # the driver was killed and came back
    for number, step in order[3:]:
        toy.report(number, step)
    assert [(number, report.step) for number, report in reopened(toy).history()] == order


def test_how_trials_ended_has_its_place_among_the_reports(toy: Any) -> None:
    first, second = toy.ask(), toy.ask()
    toy.report(first, 1)
    toy.ledger.tell(second, State.FAIL, cause="broken")
    toy.ledger = Ledger.open(toy.folder, read_only=False)  # the driver was killed and came back
    toy.report(first, 2)
    toy.ledger.tell(first, State.COMPLETE)
    told = [(number, said if isinstance(said, State) else said.step) for number, said in reopened(toy).events()]
    assert told == [(first, 1), (second, State.FAIL), (first, 2), (first, State.COMPLETE)]


def test_a_report_spooled_but_never_in_the_ledger_is_reported_again(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    whole = (toy.folder / FILE).read_bytes()
    toy.train(number, 2)
    (toy.folder / FILE).write_bytes(whole)  # killed between the two writes
    toy.ledger = Ledger.open(toy.folder, read_only=False)
    assert [report.step for _, report in toy.ledger.history()] == [1]
    assert toy.report(number, 2) is True
    assert [report.step for _, report in toy.ledger.history()] == [1, 2]


def test_torn_tails_of_journal_and_spool_are_repaired_by_the_driver_alone(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    spool = toy.ledger.trial_folder(number) / "metrics.jsonl"
    for path in (toy.folder / FILE, spool):
        with path.open("ab") as file:
            file.write(b'{"op_code":9,"tri')
    torn = (toy.folder / FILE).read_bytes(), spool.read_bytes()
    assert reopened(toy).trial(number).epochs == 1
    assert ((toy.folder / FILE).read_bytes(), spool.read_bytes()) == torn
    toy.ledger = Ledger.open(toy.folder, read_only=False)
    toy.train(number, 2)
    assert reopened(toy).trial(number).epochs == 2


def test_opened_for_reading_nothing_is_written(toy: Any) -> None:
    toy.whole(State.COMPLETE)
    before = {path: path.stat().st_mtime_ns for path in sorted(toy.folder.rglob("*"))}
    ledger = reopened(toy)
    ledger.record()
    ledger.history()
    for write in (lambda: ledger.ask(toy.sampler, lambda trial: {}), lambda: ledger.note("key", 1)):
        with pytest.raises(JournalError, match="only the sweep's driver writes"):
            write()
    assert {path: path.stat().st_mtime_ns for path in sorted(toy.folder.rglob("*"))} == before


def test_an_ended_trial_has_the_best_of_its_curve_and_that_checkpoint(toy: Any) -> None:
    number = toy.ask()
    for step, value in [(1, 0.5), (2, 0.9), (3, 0.9), (4, 0.7)]:
        toy.report(number, step, **{"val/accuracy": value})
    trial = toy.ledger.tell(number, State.COMPLETE)
    assert trial.checkpoint.step == 2  # the earliest of equals
    assert trial.seconds == pytest.approx(4e-6)
    assert toy.ledger.study.trials[number].value == 0.9
    assert reopened(toy).trial(number) == trial


@pytest.mark.parametrize("state", [State.COMPLETE, State.PRUNED])
def test_a_trial_without_a_finite_value_fails_whatever_was_told(toy: Any, state: State) -> None:
    number = toy.ask()
    toy.report(number, 1, **{"val/accuracy": math.nan})
    trial = toy.ledger.tell(number, state)
    assert (trial.state, trial.cause) == (State.FAIL, "never reported a finite val/accuracy")


def test_a_failed_trial_keeps_its_cause_and_its_curve(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1, 2)
    trial = toy.ledger.tell(number, State.FAIL, cause="CUDA out of memory")
    assert (trial.state, trial.cause, trial.epochs) == (State.FAIL, "CUDA out of memory", 2)


def test_a_paused_trial_waits_and_goes_on(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    toy.ledger.pause(number, True)
    assert reopened(toy).trial(number).state is State.PAUSED
    toy.ledger.pause(number, False)
    assert reopened(toy).trial(number).state is State.RUNNING
    toy.ledger.pause(number, True)
    assert toy.ledger.tell(number, State.PRUNED).state is State.PRUNED


def test_optunas_own_client_reads_it(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED, State.FAIL)
    storage = JournalStorage(JournalFileBackend(str(toy.folder / FILE)))
    study = optuna.load_study(study_name=None, storage=storage)
    assert study.study_name == "toy"
    assert study.direction is optuna.study.StudyDirection.MAXIMIZE
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "FAIL"]
    assert study.best_trial.params == dict(toy.ledger.trial(0).params)
    assert list(study.trials[0].intermediate_values) == [1, 2, 3]


def test_a_ledger_is_never_overwritten_and_a_missing_one_is_named(toy: Any, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="never overwritten"):
        Ledger.create(toy.folder, "toy", {}, Objective())
    with pytest.raises(LedgerError, match=f"no ledger in {tmp_path}"):
        Ledger.open(tmp_path)


def test_a_ledger_cut_short_while_it_was_made_is_made_anew(tmp_path: Path) -> None:
    Ledger.create(tmp_path, "toy", {}, Objective(), id="toy-1")
    path = tmp_path / "ledger.journal"
    whole = path.read_bytes()
    for kept in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        assert not begun(tmp_path)
        Ledger.create(tmp_path, "toy", {}, Objective(), id="toy-2")
        assert Ledger.open(tmp_path).study.user_attrs["id"] == "toy-2"
    assert begun(tmp_path)


def test_a_ledger_cut_before_its_study_began_is_said_so(toy: Any) -> None:
    os.truncate(toy.folder / FILE, 10)
    with pytest.raises(LedgerError, match="holds no study"):
        Ledger.open(toy.folder)


def test_the_record_of_a_sweep_is_all_of_it(toy: Any) -> None:
    toy.whole(State.COMPLETE, State.PRUNED)
    toy.ledger.note("reason", "time is up")
    record = reopened(toy).record()
    assert (record.name, record.objective, record.spec["name"]) == ("toy", Objective(), "toy")
    assert record.attributes["reason"] == "time is up"
    assert record.created == record.trials[0].started
    assert record.best().number == 1


def takeover(epoch: int, donor: int, width: int) -> Takeover:
    choices = {"architecture": {"name": "mlp", "width": width, "depth": 2}}
    params = {"architecture.mlp.width": width}
    return Takeover(epoch, donor, params, choices, 1.5, CheckpointRef(f"trials/{donor}/epoch-{epoch}", epoch, "d1"))


def test_a_takeover_is_kept_with_all_that_changed_by_it(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1, 2)
    toy.ledger.pause(number, True)
    drawn = toy.ledger.trial(number)
    toy.ledger.take_over(number, takeover(2, 7, 48))
    toy.train(number, 3, 4)
    toy.ledger.take_over(number, takeover(4, 9, 16))
    (found,) = reopened(toy).trials()
    assert found.state is State.RUNNING
    assert found.takeovers == (takeover(2, 7, 48), takeover(4, 9, 16))
    assert (found.params, found.choices) == (drawn.params, drawn.choices)  # as it was drawn
    widths = [found.at(step).params["architecture.mlp.width"] for step in range(1, 7)]
    assert widths == [drawn.params["architecture.mlp.width"]] * 2 + [48, 48, 16, 16]
    assert found.at(5).choice("architecture") == "mlp"
    assert found.at_best(Objective()).params == takeover(2, 7, 48).params  # curves rise: step 4 was the best


def test_killed_at_any_byte_of_a_takeover_the_trial_waits_or_goes_on_as_a_copy(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1)
    toy.ledger.pause(number, True)
    before = (toy.folder / FILE).read_bytes()
    toy.ledger.take_over(number, takeover(1, 7, 48))
    after = (toy.folder / FILE).read_bytes()
    (toy.folder / FILE).write_bytes(after[: len(before) + 40])
    Ledger.open(toy.folder, read_only=False)
    assert [(it.state, it.takeovers) for it in reopened(toy).trials()] == [(State.PAUSED, ())]
    (toy.folder / FILE).write_bytes(after)
    assert [it.state for it in reopened(toy).trials()] == [State.RUNNING]


def test_a_report_is_found_by_its_step(toy: Any) -> None:
    number = toy.ask()
    toy.train(number, 1, 2)
    assert toy.ledger.reported(number, 2).checkpoint == CheckpointRef(
        f"trials/{number}/checkpoints/epoch-0002.ckpt", 2, "digest2"
    )
    with pytest.raises(LedgerError, match=f"trial {number} never reported step 3"):
        toy.ledger.reported(number, 3)
