import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracking.records import Objective
from tuner import machine, spec
from tuner.errors import SpecError
from tuner.spec import SweepSpec

PLAIN: dict[str, Any] = {"dataset": "digits", "architecture": "mlp", "searcher": "random"}

SOURCE = """
import lightning.pytorch as L

class Net(L.LightningModule):
    def __init__(self, width=8):
        super().__init__()

class Numbers(L.LightningDataModule):
    pass
"""


@pytest.fixture
def users_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "spec_users_nets.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("spec_users_nets", None)


NET, NUMBERS = {"module": "spec_users_nets:Net"}, {"module": "spec_users_nets:Numbers"}


def read(**raw: Any) -> SweepSpec:
    return SweepSpec.read({**PLAIN, **raw})


def problems(**raw: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        read(**raw)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_only_dataset_and_architecture_must_be_given() -> None:
    found = SweepSpec.read({"dataset": "digits", "architecture": "mlp"})
    assert (found.loss, found.optimizer, found.training) == ("cross_entropy", "adamw", {})
    assert (found.searcher, found.scheduler, found.seed) == ("auto", "freeze_thaw", 0)
    assert (found.budget.trials, found.budget.epochs, found.budget.minutes) == (24, 20, None)
    assert (found.resources.cpus, found.resources.gpus, found.resources.workers) == (1, 0, None)
    assert found.objective.resolved() == Objective("val/accuracy", "max")
    with pytest.raises(SpecError) as caught:
        SweepSpec.read({})
    assert {problem.path: problem.message for problem in caught.value.problems} == {
        "dataset": "must be given",
        "architecture": "must be given",
    }


def test_a_key_without_a_value_has_its_default() -> None:
    assert read(scheduler=None, optimizer=None, budget=None) == read()


@pytest.mark.parametrize(
    ("metric", "mode"), [("val/loss", "min"), ("train/accuracy", "max"), ("val/accuracy", "max"), ("train/loss", "min")]
)
def test_the_direction_follows_from_the_metrics_name(metric: str, mode: str) -> None:
    assert read(objective={"metric": metric}).objective.resolved().mode == mode


def test_a_given_direction_counts() -> None:
    assert read(objective={"metric": "val/loss", "mode": "max"}).objective.resolved().mode == "max"


def test_every_problem_is_named_at_once_with_its_path() -> None:
    found = problems(
        architecture={"mlp": {"dept": 3}},
        optimiser="sgd",
        searcher="bayesan",
        scheduler={"asha": {"reduction_faktor": 3}},
        budget={"trials": 0, "epocs": 3},
        resources={"cpus": "many"},
        seed=-1,
    )
    assert found == {
        "architecture.mlp.dept": "mlp has no setting of that name; did you mean 'depth'?",
        "optimiser": "is not a key; did you mean 'optimizer'?",
        "searcher": "'bayesan' is not one of the searchers; did you mean 'bayesian'?",
        "scheduler.asha.reduction_faktor": "is not a key; did you mean 'reduction_factor'?",
        "budget.trials": "input should be greater than 0, got 0",
        "budget.epocs": "is not a key; did you mean 'epochs'?",
        "resources.cpus": "input should be a valid integer, unable to parse string as an integer, got 'many'",
        "seed": "input should be greater than or equal to 0, got -1",
    }


def test_an_error_names_its_source_on_every_line() -> None:
    with pytest.raises(SpecError) as caught:
        SweepSpec.read({**PLAIN, "seed": -1, "x": 1}, "a.yaml")
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(line.startswith("a.yaml: ") for line in lines)


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ({"searcher": 3}, "searcher", "must be a name or {name: {options}}, got 3"),
        ({"searcher": ["random"]}, "searcher", "must be a name or {name: {options}}, got ['random']"),
        ({"searcher": {"random": 3}}, "searcher", "must be a name or {name: {options}}, got {'random': 3}"),
        ({"searcher": {"random": {}, "grid": {}}}, "searcher", "must be a name or {name: {options}}"),
        ({"searcher": {"random": {"points": 3}}}, "searcher.random.points", "is not a key"),
        ({"scheduler": {"asha": {"grace_epochs": 0}}}, "scheduler.asha.grace_epochs", "greater than or equal to 1"),
        ({"scheduler": {"asha": {1: 2}}}, "scheduler.asha.1", "is not a key"),
        ({"scheduler": "halving"}, "scheduler", "'halving' is not one of the schedulers"),
        ({"budget": 3}, "budget", "valid dictionary"),
        ({"budget": {"minutes": float("inf")}}, "budget.minutes", "finite number"),
        ({"budget": {"minutes": 0}}, "budget.minutes", "greater than 0"),
        ({"budget": {"trials": 2.5}}, "budget.trials", "valid integer"),
        ({"resources": {"cpus": 0}}, "resources.cpus", "greater than 0"),
        ({"resources": {"gpus": -1}}, "resources.gpus", "greater than or equal to 0"),
        ({"resources": {"gpus": 1.5}}, "resources.gpus", "must be a whole number, or a share below 1, got 1.5"),
        ({"resources": {"workers": 0}}, "resources.workers", "greater than 0"),
        ({"objective": {"mode": "maximum"}}, "objective.mode", "'max' or 'min'"),
        ({"objective": {"metric": "val/acuracy"}}, "objective.metric", "never reported; did you mean 'val/accuracy'?"),
        ({"name": "a b"}, "name", "must be 1 to 100 letters, digits, '.', '_' or '-', got 'a b'"),
        ({"name": "../x"}, "name", "must be 1 to 100 letters"),
        ({"name": "x" * 101}, "name", "must be 1 to 100 letters"),
        ({"architecture": "mpl"}, "architecture", "did you mean 'mlp'?"),
        ({"dataset": {"digits": {"validation": 0.6, "test": 0.6}}}, "dataset.digits", "must leave something to train"),
        ({1: 2}, "1", "keys should be strings"),
    ],
)
def test_a_wrong_value_names_its_key_the_rule_and_the_value(raw: dict[Any, Any], path: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        SweepSpec.read({**PLAIN, **raw})
    found = {problem.path: problem.message for problem in caught.value.problems}
    assert list(found) == [path]
    assert message in found[path]


def test_options_reach_the_searcher_and_the_scheduler() -> None:
    found = read(searcher={"grid": {"points": 3}}, scheduler={"asha": {"reduction_factor": 4}})
    assert found.searcher_choice.describe() == {"name": "grid", "points": 3}
    assert found.scheduler_choice.describe() == {"name": "asha", "reduction_factor": 4, "grace_epochs": 1}


def test_a_grid_caps_the_trials() -> None:
    mlp = {"width": [8, 16, 32], "depth": 1, "activation": "relu", "dropout": 0.0}
    others = {"optimizer": {"adamw": {"lr": [0.1, 0.01], "weight_decay": 0.0}}, "training": {"batch_size": 64}}
    for setting in spec.plugins.find("search_spaces.architectures", "mlp").dimensions():
        mlp.setdefault(setting, spec.plugins.find("search_spaces.architectures", "mlp")().model_dump()[setting])
    found = read(architecture={"mlp": mlp}, searcher="grid", budget={"trials": 100}, **others)
    assert found.trials == 3 * 2
    assert read(architecture={"mlp": mlp}, searcher="grid", budget={"trials": 4}, **others).trials == 4
    assert read(budget={"trials": 100}).trials == 100


def test_equal_specs_have_equal_digests_whatever_they_are_called() -> None:
    assert read(name="a").digest() == read(name="b").digest() == read().digest()
    assert read(seed=1).digest() != read().digest()
    assert read(architecture={"mlp": {"depth": 3}}).digest() != read().digest()
    assert read(budget={"trials": 24}).digest() == read().digest()  # the default, written out
    assert len(read().digest()) == 16


def test_what_it_describes_reads_back_as_the_same() -> None:
    found = read(name="a", budget={"minutes": 2}, architecture={"mlp": {"depth": {"low": 1, "high": 3}}})
    assert SweepSpec.read(found.describe()) == found


def test_a_recipe_and_a_file_bring_their_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("dataset: digits\narchitecture: mlp\nsearcher: random\nbudget: {trials: 3}\n")
    assert SweepSpec.load(path).name == "mine"
    assert SweepSpec.load(path, name="other").name == "other"
    assert SweepSpec.load(path, ["name=third"]).name == "third"
    assert SweepSpec.load(path, ["budget.trials=5"]).budget.trials == 5
    found = SweepSpec.load("digits", ["searcher=random"])
    assert (found.name, found.dataset) == ("digits", "digits")


def test_every_recipe_is_a_valid_spec() -> None:
    assert "digits" in spec.recipes()
    for name in spec.recipes():
        assert SweepSpec.load(name).name == name


@pytest.mark.parametrize("where", ["digit", "nowhere/digits.yaml", "x" * 5000, "digits.yaml", "a\0b"])
def test_a_spec_that_is_not_there_says_so(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="no such file, and no recipe of that name"):
        SweepSpec.load(where)


def test_a_misspelt_recipe_suggests_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="did you mean 'digits'"):
        SweepSpec.load("digit")


@pytest.mark.usefixtures("users_module")
def test_a_module_of_ones_own_brings_its_loss_its_optimizer_and_its_metric() -> None:
    found = SweepSpec.read(
        {"dataset": NUMBERS, "architecture": NET, "objective": {"metric": "quality"}, "searcher": "random"}
    )
    assert list(found.space.slots) == ["dataset", "architecture"]
    assert list(read(architecture=NET).space.slots) == ["dataset", "architecture", "training"]


@pytest.mark.usefixtures("users_module")
def test_a_data_set_of_the_platform_beside_ones_own_still_has_its_batch_size() -> None:
    assert "training" in read(architecture=NET, dataset=["digits", NUMBERS]).space.slots


@pytest.mark.usefixtures("users_module")
def test_a_module_of_ones_own_cannot_be_mixed_with_the_platforms() -> None:
    assert "cannot stand in one list" in problems(architecture=["mlp", NET])["architecture"]
    assert "bring a LightningModule of your own too" in problems(dataset=NUMBERS)["dataset"]
    found = problems(architecture=NET, loss="cross_entropy", optimizer="sgd")
    assert list(found) == ["loss", "optimizer"]
    assert all("brings its own; remove this key" in message for message in found.values())


def test_what_the_machine_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_cpus", lambda: 4)
    monkeypatch.setattr(machine, "available_gpus", lambda: 1)

    def refused(runner: str = "ray", **resources: float) -> str:
        with pytest.raises(SpecError) as caught:
            machine.workers(read(resources=resources), None, runner)
        return str(caught.value)

    assert refused(cpus=5) == "this machine: resources.cpus: a trial asks for 5, there are 4"
    assert refused(gpus=2) == "this machine: resources.gpus: a trial asks for 2, there are 1"
    assert "3 workers with 2 cpus each need 6, there are 4: at most 2 fit" in refused(cpus=2, workers=3)
    assert "at most 2 fit" in refused(gpus=0.5, workers=3)
    assert len(refused(cpus=5, gpus=2).splitlines()) == 2
    assert "asks for 5" in refused("inline", cpus=5)


def test_as_many_trials_at_once_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_cpus", lambda: 5)
    monkeypatch.setattr(machine, "available_gpus", lambda: 1)
    assert machine.workers(read(), None, "ray") == 5
    assert machine.workers(read(resources={"cpus": 2}), None, "ray") == 2
    assert machine.workers(read(resources={"gpus": 0.25}), None, "ray") == 4
    assert machine.workers(read(budget={"trials": 3}), None, "ray") == 3
    assert machine.workers(read(resources={"workers": 2}), None, "ray") == 2
    assert machine.workers(read(resources={"workers": 4}), None, "inline") == 1
