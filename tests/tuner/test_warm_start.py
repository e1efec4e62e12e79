"""What a new sweep takes from earlier ones: on records made by hand, and in real sweeps on a tiny network."""

import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tracking.ledger import Ledger
from tracking.records import Objective, State, SweepRecord, Takeover, TrialRecord
from tuner import Observer, Sweep, SweepError, SweepSpec, commands
from tuner.drawing import Drawing
from tuner.errors import SpecError
from tuner.offers import fit_of, offer_of, whole
from tuner.searchers._earlier import earlier_of
from tuner.searchers._evidence import KEY as SETTINGS
from tuner.searchers._evidence import evidence_of
from tuner.searchers.auto import Auto
from tuner.warm_start import KEY, WarmStart, warm_start

MLP = {"depth": 1, "activation": "relu", "dropout": 0.0, "norm": "none", "skip": False, "init": "default"}
BASE: dict[str, Any] = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": {"low": 8, "high": 64}, **MLP}},
    "optimizer": {
        "sgd": {"lr": {"low": 0.01, "high": 1.0, "log": True}, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}
    }
    | {"adamw": {"lr": {"low": 1e-4, "high": 1e-1, "log": True}, "weight_decay": 0.0}},
    "training": {"batch_size": 64},
    "budget": {"trials": 20, "epochs": 4},
}
DATA = {"digits": "d1"}


def spec(**raw: Any) -> SweepSpec:
    return SweepSpec.read({**BASE, **raw})


def choices(space: SweepSpec, width: int = 16, lr: float = 0.1) -> dict[str, dict[str, Any]]:
    """The whole choices of a training with sgd, as a ledger has them."""
    given = {"architecture.mlp.width": width, "optimizer": "sgd", "optimizer.sgd.lr": lr}

    class Given:
        def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
            return int(given.get(name, low))

        def suggest_float(self, name: str, low: float, high: float, **how: Any) -> float:
            return float(given.get(name, low))

        def suggest_categorical(self, name: str, choices: Any) -> Any:
            return given.get(name, choices[0])

    return json.loads(json.dumps(space.space.suggest(Given())))  # type: ignore[no-any-return]


def record(
    name: str = "old", raw: dict[str, Any] | None = None, trials: list[TrialRecord] | None = None, **more: Any
) -> SweepRecord:
    """A sweep of three trials with widths 16, 17 and 18: stopped early, the best, and failed."""
    before = spec(**(raw or {}))
    made = [
        TrialRecord(0, State.PRUNED, {}, choices(before, 16), {1: 0.5}),
        TrialRecord(1, State.COMPLETE, {}, choices(before, 17), {1: 0.4, 2: 0.6, 3: 0.9, 4: 0.8}),
        TrialRecord(2, State.FAIL, {}, choices(before, 18), {1: float("nan")}),
    ]
    facts = {"objective": Objective("val/accuracy", "max"), "attributes": {"data": DATA}, **more}
    return SweepRecord(name, Path(), spec=before.describe(), trials=made if trials is None else trials, **facts)


def lines(start: WarmStart) -> list[str]:
    return [str(taken) for taken in start.sweeps]


BEST = {"architecture.mlp.width": 17, "optimizer": "sgd", "optimizer.sgd.lr": 0.1}


def test_with_the_same_data_an_earlier_sweep_gives_points_and_trials() -> None:
    found = warm_start(spec(), DATA, [record()])
    assert found.points == [BEST, {**BEST, "architecture.mlp.width": 16}]  # the best first, what failed not at all
    assert [(told["params"]["architecture.mlp.width"], told["state"]) for told in found.trials] == [
        (17, State.COMPLETE),
        (16, State.PRUNED),
        (18, State.FAIL),
    ]
    assert found.trials[0]["curve"] == [[1, 0.4], [2, 0.6], [3, 0.9], [4, 0.8]]
    assert found.trials[0]["value"] == 0.9
    assert lines(found) == ["warm start from old: 2 points and 3 trials"]


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [
        ({}, {"attributes": {"data": {"digits": "d2"}}}, "other data"),
        ({}, {"attributes": {}}, "other data"),
        ({}, {"objective": Objective("val/loss", "min")}, "another objective (min val/loss)"),
        ({"budget": {"trials": 20, "epochs": 8}}, {}, "4 epochs a trial, here 8"),
        ({"searcher": "tpe"}, {}, "the searcher tpe learns from its own alone"),
        ({"constraints": {"parameters": {"max": 9}}}, {}, "other constraints"),
        ({"start_from": "digits/2", "transfer": "full"}, {}, "started from no parent"),
        ({"training": {"batch_size": 32}}, {}, "none that reported lies whole in this space"),
    ],
)
def test_where_values_would_come_out_otherwise_only_points_are_taken(
    now: dict[str, Any], before: dict[str, Any], why: str
) -> None:
    found = warm_start(spec(**now), DATA, [record(**before)])
    assert len(found.points) == 2
    assert not found.trials
    assert lines(found) == [f"warm start from old: 2 points, none of its trials: {why}"]


def test_a_point_is_taken_as_far_as_it_lies_in_the_new_space() -> None:
    narrow = spec(architecture={"mlp": {"width": {"low": 32, "high": 64}, **MLP}})  # 17 is outside
    assert warm_start(narrow, DATA, [record()]).points == [{"optimizer": "sgd", "optimizer.sgd.lr": 0.1}]
    fixed = spec(optimizer={"sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}})
    assert warm_start(fixed, DATA, [record()]).points[0] == {"architecture.mlp.width": 17}


def test_what_was_fixed_before_and_is_searched_now_is_part_of_the_point() -> None:
    now = spec(training={"batch_size": [32, 64]})
    found = warm_start(now, DATA, [record()])
    assert found.points[0] == {**BEST, "training.batch_size": 64}
    assert len(found.trials) == 3


def test_a_point_of_which_less_than_half_fits_is_not_used() -> None:
    linear = {"linear": {}}
    now = spec(architecture=linear, optimizer={"adamw": {"lr": {"low": 0.2, "high": 0.3}}}, training={"batch_size": 64})
    found = warm_start(now, DATA, [record()])
    assert (found.points, found.trials) == ([], [])
    assert lines(found) == ["warm start from old: not used: no parameter in common"]
    more = spec(architecture={"convnet": {}})
    parameters = fit_of(record().trials[1].choices, more.space).parameters
    assert lines(warm_start(more, DATA, [record()])) == [
        f"warm start from old: not used: of {parameters} parameters only 2 fit, and half must"
    ]


def test_a_sweep_without_a_result_says_so() -> None:
    assert lines(warm_start(spec(), DATA, [record(trials=[])])) == [
        "warm start from old: not used: no trial with a result"
    ]


def test_a_training_lies_whole_in_a_space_that_could_draw_just_it() -> None:
    now, drawn = spec(), choices(spec(), 17)
    assert whole(drawn, now.space) == BEST
    other = {**drawn, "optimizer": {**drawn["optimizer"], "momentum": 0.5}}  # fixed at 0.9 here
    assert whole(other, now.space) is None
    assert whole({**drawn, "optimizer": {**drawn["optimizer"], "lr": 2.0}}, now.space) is None
    assert whole({slot: it for slot, it in drawn.items() if slot != "loss"}, now.space) is None


def test_points_come_in_turn_within_a_fifth_of_the_trials_and_after_the_specs_own() -> None:
    def sweep(name: str, *widths: int) -> SweepRecord:
        made = [
            TrialRecord(i, State.COMPLETE, {}, choices(spec(), width), {4: 0.9 - i / 100})
            for i, width in enumerate(widths)
        ]
        return record(name, trials=made)

    earlier = [sweep("a", 10, 11, 12), sweep("b", 10, 20, 21)]

    def widths(now: SweepSpec) -> list[int]:
        return [point["architecture.mlp.width"] for point in warm_start(now, DATA, earlier).points]

    assert widths(spec()) == [10, 11, 20, 12]  # 4 of 20; the second sweep's 10 is the first one's
    assert widths(spec(points=[{**BEST, "architecture.mlp.width": 11}])) == [10, 20, 12, 21]
    assert widths(spec(budget={"trials": 3, "epochs": 4})) == [10]
    full = spec(budget={"trials": 1, "epochs": 4}, points=[{"optimizer": "sgd"}])
    assert widths(full) == []
    why = "they are given already, or budget.trials has no room for them"
    assert lines(warm_start(full, DATA, earlier)) == [
        f"warm start from {name}: 3 trials, none of its points: {why}" for name in ("a", "b")
    ]


def test_of_very_many_trials_the_best_and_an_even_part_of_the_others_are_told() -> None:
    made = [
        TrialRecord(i, State.COMPLETE, {}, choices(spec(), 8 + i % 50, 0.01 + i / 1000), {4: 1 - i / 1000})
        for i in range(500)
    ]
    found = warm_start(spec(), DATA, [record(trials=made)])
    values = [told["value"] for told in found.trials]
    assert len(values) == 200
    assert values[:100] == [1 - i / 1000 for i in range(100)]
    assert values[100:102] == [1 - 0.1, 1 - 0.104]  # every fourth of the 400 others
    assert lines(found) == ["warm start from old: 4 points and 200 trials, of 500 that count"]


def test_a_trial_that_took_over_anothers_weights_is_not_told() -> None:
    drawn = choices(spec(), 17)
    copied = Takeover(1, 0, {}, choices(spec(), 30))
    trial = TrialRecord(0, State.COMPLETE, {}, drawn, {1: 0.1, 2: 0.9}, takeovers=(copied,))
    found = warm_start(spec(), DATA, [record(trials=[trial])])
    assert not found.trials
    assert found.points == [{**BEST, "architecture.mlp.width": 30}]  # with what its best epoch was trained


def test_what_still_runs_is_read_as_it_stands() -> None:
    running = TrialRecord(0, State.RUNNING, {}, choices(spec(), 17), {1: 0.5})
    begun = TrialRecord(1, State.RUNNING, {}, choices(spec(), 18), {})
    found = offer_of(record(trials=[running, begun]), spec(), DATA)
    assert [(told["state"], told["curve"]) for told in found.trials] == [(State.PRUNED, [[1, 0.5]])]
    assert found.points == [BEST]


def test_the_searcher_auto_learns_from_what_is_told_before_anything_ran() -> None:
    now = spec()
    told = warm_start(now, DATA, [record()]).to_json()
    ledger = Ledger.in_memory("new", now.describe(), now.goals.leading, **{KEY: told})
    assert [(trial.number, trial.state.name) for trial in earlier_of(ledger.study)] == [
        (-1, "COMPLETE"),
        (-2, "PRUNED"),
        (-3, "FAIL"),
    ]
    evidence = evidence_of(now.space, ledger.study, np.random.default_rng(0))
    assert evidence is not None
    # the curve of 4 epochs is looked at after 1, 3 and 4, the others where they ended
    assert evidence.seen.trials.tolist() == [-1, -1, -1, -2, -3]
    assert np.argmin(evidence.seen.values) in (1, 2)
    cold = Ledger.in_memory("cold", now.describe(), now.goals.leading)
    assert evidence_of(now.space, cold.study, np.random.default_rng(0)) is None


def test_earlier_trials_count_as_those_before_the_model_draws() -> None:
    now = spec(searcher={"auto": {"startup": 3}})
    told = warm_start(now, DATA, [record()]).to_json()
    warm = Ledger.in_memory("warm", now.describe(), now.goals.leading, **{KEY: told})
    point = Drawing(now, warm.study).point(0)
    assert point == BEST
    Auto(startup=3).for_trial(now.space, warm.study, 0, 0)
    assert SETTINGS in warm.study._storage.get_study_system_attrs(warm.study._study_id)  # the model was asked


def test_names_are_a_list_or_one_text_with_commas() -> None:
    assert spec(warm_start="a, b").warm_start == spec(warm_start=["a", "b"]).warm_start == ("a", "b")
    assert SweepSpec.read(spec(warm_start="a").describe()).warm_start == ("a",)
    assert "warm_start" not in spec().describe()
    for wrong in ("a,,b", "", [], 3):
        with pytest.raises(SpecError, match="warm_start"):
            spec(warm_start=wrong)


def test_a_searcher_that_goes_through_a_list_is_not_helped() -> None:
    few = {"architecture": {"mlp": {"width": [8, 16], **MLP}}, "optimizer": {"sgd": {"lr": 0.1}}}
    with pytest.raises(SpecError, match="warm_start: does not go with the searcher grid"):
        spec(searcher="grid", warm_start="old", **few)


# --- real sweeps ---

TINY: dict[str, Any] = {
    "name": "old",
    "dataset": "digits",
    "architecture": {"mlp": {"width": {"low": 8, "high": 16}, "depth": 1}},
    "optimizer": "sgd",
    "training": {"batch_size": 512},
    "scheduler": "none",
    "budget": {"trials": 3, "epochs": 1},
}
NEW = {**TINY, "name": "new", "warm_start": "old", "seed": 1, "searcher": {"auto": {"startup": 2}}}


class Interrupting(Observer):
    """Keeps what it is told of the warm start, and interrupts after some epochs."""

    def __init__(self, sweep: Sweep | None = None, at: int = 0) -> None:
        self.told: list[str] = []
        self._sweep, self._left = sweep, at

    def warmed(self, start: WarmStart) -> None:
        self.told += lines(start)

    def reported(self, number: int, report: Any) -> None:
        self._left -= 1
        if self._left == 0 and self._sweep:
            self._sweep.limits.stop("interrupted", interrupted=True)


@pytest.fixture(scope="module")
def earlier_home(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one finished sweep."""
    folder = tmp_path_factory.mktemp("earlier") / "home"
    shutil.copytree(empty_home, folder)
    Sweep(TINY, home=folder).run(runner="inline")
    return folder


@pytest.fixture
def own_home(earlier_home: Path, home: Path) -> Path:
    shutil.copytree(earlier_home / "sweeps", home / "sweeps")
    return home


def drawn(sweep: Sweep) -> list[dict[str, Any]]:
    return [dict(trial.params) for trial in sweep.record().trials]


def test_a_sweep_begins_with_the_best_of_an_earlier_one_and_resumes_without_it(own_home: Path) -> None:
    best = Sweep.open("old").best
    assert best is not None
    watching = Interrupting()
    straight = Sweep(NEW).run(runner="inline", observer=watching)
    assert watching.told == ["warm start from old: 1 point and 3 trials"]
    assert drawn(straight)[0] == best.params
    assert len(drawn(straight)) == 3
    cut = Sweep({**NEW, "name": "cut"})
    cut.run(runner="inline", observer=Interrupting(cut, at=1))
    assert cut.interrupted
    shutil.rmtree(own_home / "sweeps" / "old")
    again = Interrupting()
    resumed = Sweep.open("cut").resume(runner="inline", observer=again)
    assert drawn(resumed) == drawn(straight)
    assert again.told == []  # nothing is taken anew
    noted = Sweep.open("cut").record().attributes[KEY]
    assert noted["sweeps"] == [{"sweep": "old", "points": 1, "trials": 3, "remark": ""}]


def test_auto_takes_from_every_finished_sweep(own_home: Path) -> None:
    shutil.copytree(own_home / "sweeps" / "old", own_home / "sweeps" / "unfinished")
    Ledger.open(own_home / "sweeps" / "unfinished", read_only=False).note("ended", None)
    watching = Interrupting()
    Sweep({**NEW, "warm_start": "auto", "budget": {"trials": 1, "epochs": 1}}).run(runner="inline", observer=watching)
    assert watching.told == ["warm start from old: 1 point and 3 trials"]


def test_the_command_line_says_what_is_taken_before_the_first_trial(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(yaml.safe_dump(TINY | {"name": "new", "budget": {"trials": 1, "epochs": 1}}))
    monkeypatch.setattr(sys, "argv", ["tuner", "sweep", str(file), "--inline", "--warm-start", "old"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with suppress(SystemExit):
        commands.main()
    said = capsys.readouterr().out.splitlines()
    told = said.index("warm start from old: 1 point and 3 trials")
    assert told < next(place for place, line in enumerate(said) if "] trial   0" in line)


def test_an_unknown_sweep_is_refused_with_the_nearest_name_and_leaves_nothing_behind(own_home: Path) -> None:
    with pytest.raises(SweepError, match=r"no sweep named 'odl' in .*; did you mean 'old'\?"):
        Sweep({**NEW, "warm_start": "odl"}).run(runner="inline")
    assert not (own_home / "sweeps" / "new").exists()
