"""Pipelines in this process: every stage a tiny sweep, interrupted and gone on with."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tracking.registry import ModelName, Registry
from tuner import SpecError, Sweep, SweepError, commands
from tuner.home import Home
from tuner.stages import Pipeline

PRETRAIN: dict[str, Any] = {
    "dataset": {"digits": {"classes": "0,1,2,3,4"}},
    "architecture": {"mlp": {"width": 8, "depth": 1}},
    "optimizer": "adam",
    "searcher": "random",
    "scheduler": "none",
    "budget": {"trials": 1, "epochs": 1},
}
FINETUNE = {
    **{key: value for key, value in PRETRAIN.items() if key != "architecture"},
    "dataset": {"digits": {"classes": "5,6,7,8,9", "per_class": 5}},
    "transfer": "full",
}
FIRST = {"name": "first", "spec": PRETRAIN, "promote": "low@champion", "force": "a test"}
SECOND = {"name": "second", "spec": FINETUNE, "start_from": "previous", "promote": "high@champion", "force": "a test"}


@pytest.fixture
def own(home: Path) -> Iterator[Home]:
    yield Home.at(home)


def pipeline(*stages: Any, base: Path = Path()) -> Pipeline:
    return Pipeline.read({"name": "circle", "stages": list(stages)}, base)


def inline(sweep: Sweep, how: Callable[..., Sweep]) -> None:
    how(runner="inline")


def problems(*stages: Any) -> list[str]:
    with pytest.raises(SpecError) as refused:
        pipeline(*stages)
    return [str(problem) for problem in refused.value.problems]


def champion(own: Home, model: str) -> str:
    return str(Registry(own.tracking_uri).find(ModelName.read(f"{model}@champion")))


@pytest.mark.slow
def test_its_stages_follow_each_other_from_fresh_weights_to_a_promoted_child(own: Home) -> None:
    said: list[str] = []
    pipeline(FIRST, SECOND).begin(own, inline, said.append)
    assert said == ["circle-first: done, promoted as low/1", "circle-second: done, promoted as high/1"]
    child = Sweep.open("circle-second", own.path).record()
    assert child.attributes["parent"]["model"] == "low"
    assert champion(own, "high") == "high/1"


@pytest.mark.slow
def test_a_pipeline_that_was_killed_goes_on_and_does_nothing_twice(own: Home) -> None:
    driven: list[str] = []

    def killed_in_the_second(sweep: Sweep, how: Callable[..., Sweep]) -> None:
        driven.append(sweep.name)
        if sweep.name == "circle-second":
            raise KeyboardInterrupt
        how(runner="inline")

    with pytest.raises(KeyboardInterrupt):
        pipeline(FIRST, SECOND).begin(own, killed_in_the_second)
    # Somebody else's promotion in between: the second stage starts from what the first one has promoted.
    Sweep({**PRETRAIN, "seed": 1}, name="other", home=own.path).run(runner="inline").promote(
        "low@champion", force="better"
    )
    Pipeline.open("circle", own).run(own, inline)
    assert driven == ["circle-first", "circle-second"]
    assert Sweep.open("circle-second", own.path).spec.start_from == "low/1"
    assert champion(own, "low") == "low/2"


def test_a_sweep_that_is_interrupted_ends_the_turn_and_is_resumed_in_the_next(own: Home) -> None:
    def interrupted(sweep: Sweep, how: Callable[..., Sweep]) -> None:
        how(runner="inline")
        sweep.limits.interrupted = True

    ways: list[str] = []

    def watched(sweep: Sweep, how: Callable[..., Sweep]) -> None:
        ways.append(how.func.__name__ if hasattr(how, "func") else how.__name__)
        how(runner="inline")

    found = pipeline(FIRST, SECOND)
    found.begin(own, interrupted)
    assert own.names() == ["circle-first"]
    Pipeline.open("circle", own).run(own, watched)
    assert ways == ["resume", "run"]


@pytest.mark.slow
def test_a_stage_can_be_confirmed_before_it_is_promoted(own: Home) -> None:
    stage = {"name": "first", "spec": PRETRAIN, "confirm": {"top": 1, "seeds": 2}, "promote": "low@champion"}
    pipeline(stage).begin(own, inline)
    assert own.names() == ["circle-first", "circle-first-confirm"]
    assert champion(own, "low") == "low/1"


def test_a_name_that_is_taken_is_refused_with_the_way_on(own: Home) -> None:
    found = pipeline({"name": "first", "spec": PRETRAIN})
    found.begin(own, inline)
    with pytest.raises(SweepError, match="continue it with `tuner resume circle`"):
        found.begin(own, inline)


def test_its_files_may_change_once_it_has_begun(own: Home, tmp_path: Path) -> None:
    file = tmp_path / "pretrain.yaml"
    file.write_text(json.dumps(PRETRAIN))
    pipeline({"name": "first", "spec": "pretrain.yaml"}, base=tmp_path).begin(own, inline)
    file.unlink()
    assert Pipeline.open("circle", own).stages[0].spec == PRETRAIN


def test_everything_that_is_wrong_is_said_at_once_before_anything_runs() -> None:
    wrong = {**PRETRAIN, "architecture": "mpl"}
    told = problems(
        {"name": "a", "spec": wrong, "promote": "x@champion", "force": "why not"},
        {"name": "a", "spec": {**FINETUNE, "budgets": {}}, "start_from": "previous"},
        {"name": "c", "spec": PRETRAIN, "promote": "x/y@champion", "force": "why not"},
    )
    assert told[0] == "stages.1.spec.architecture: 'mpl' is not one of the architectures; did you mean 'mlp'?"
    assert told[1].startswith("stages.2.name: 'a' is taken by an earlier stage")
    assert told[2] == "stages.2.spec.budgets: is not a key; did you mean 'budget'?"
    assert told[3].startswith("stages.3: a model's name has no '/'")


def test_previous_needs_a_stage_that_promotes() -> None:
    assert problems({"name": "a", "spec": FINETUNE, "start_from": "previous"}) == [
        "stages.1.start_from: previous needs a stage before this one that promotes its network"
    ]


def test_promoting_needs_a_confirmation_or_a_reason() -> None:
    assert problems({"name": "a", "spec": PRETRAIN, "promote": "x@champion"}) == [
        "stages.1: promote needs confirm: {top: 3, seeds: 5}, or force: REASON to go without"
    ]


def test_an_unknown_key_names_the_nearest() -> None:
    stage = {"name": "a", "spec": PRETRAIN, "promot": "x@champion"}
    assert problems(stage) == ["stages.1.promot: is not a key; did you mean 'promote'?"]


def test_it_is_planned_in_a_line_a_stage() -> None:
    assert pipeline(FIRST, SECOND).plan().splitlines() == [
        "circle-first: promoted to low@champion",
        "circle-second: starts from previous; promoted to high@champion",
    ]


def test_the_command_line_runs_a_file_of_stages_and_goes_on_with_it(
    own: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "circle.yaml"
    file.write_text(json.dumps({"stages": [FIRST]}))

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tuner", *arguments, "--home", str(own.path)])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    assert call("sweep", str(file), "--dry-run") == (0, "circle-first: promoted to low@champion\n", "")
    assert own.names() == []
    assert call("sweep", str(file), "--inline")[1].endswith("circle-first: done, promoted as low/1\n")
    assert call("resume", "circle", "--inline") == (0, "circle-first: done, promoted as low/1\n", "")
    code, _, said = call("sweep", str(file), "--inline")
    assert (code, len(said.splitlines())) == (2, 1)
