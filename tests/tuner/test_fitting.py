from pathlib import Path
from typing import Any

import pytest

from search_spaces import plugins
from search_spaces.architectures.convnet import Convnet
from search_spaces.choice import Dataset
from tuner import Sweep, fitting
from tuner.errors import SpecError
from tuner.spec import SweepSpec

SMALL: dict[str, Any] = {"searcher": "random", "budget": {"trials": 1, "epochs": 1}}


def example(name: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """The slot for a data set's own tiny file."""
    kind = plugins.find("search_spaces.datasets", name)
    assert issubclass(kind, Dataset)
    settings = kind.example(folder).describe()
    return {settings.pop("name"): {key: value for key, value in settings.items() if value is not None} | changes}


def problems(**raw: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        fitting.check(SweepSpec.read({**SMALL, **raw}))
    return {problem.path: problem.message for problem in caught.value.problems}


def test_what_fits_passes(tmp_path: Path) -> None:
    fitting.check(SweepSpec.read({"dataset": "digits", "architecture": ["mlp", "convnet", "densenet"]}))
    fitting.check(SweepSpec.read({"dataset": example("series", tmp_path), "architecture": ["linear", "gru"]}))


def test_a_network_for_other_samples_is_told_which_ones_fit(tmp_path: Path) -> None:
    found = problems(dataset=example("text", tmp_path), architecture=["convnet", "lstm", "mlp"])
    assert set(found) == {"architecture.convnet", "architecture.mlp"}
    assert found["architecture.convnet"].startswith("takes samples of kind image, those of text are text; these fit: ")
    known = found["architecture.mlp"].split("these fit: ")[1].split(", ")
    assert {"gru", "linear", "lstm", "rnn", "transformer"} <= set(known)
    assert not {"convnet", "mlp", "vae"} & set(known)


def test_images_that_are_too_small_are_told_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Convnet, "smallest", 16, raising=False)
    found = problems(dataset="digits", architecture=["convnet", "mlp"])
    (message,) = found.values()
    assert message.startswith("takes images of at least 16 x 16 pixels, those of digits have 8 x 8; these fit: ")
    assert "lenet" in message
    assert "convnet" not in message
    assert "vae" not in message  # it learns something else


def test_a_generative_network_must_fit_the_kind_and_asks_for_no_loss() -> None:
    assert list(problems(dataset="diabetes", architecture="vae", objective={"metric": "val/bound"})) == [
        "architecture.vae"
    ]
    raw = {"dataset": "digits", "architecture": "vae", "objective": {"metric": "val/bound", "mode": "min"}}
    fitting.check(SweepSpec.read(raw))


def test_a_loss_must_be_for_the_task() -> None:
    found = problems(dataset="diabetes", architecture="mlp", loss=["cross_entropy", "mae"])
    assert found == {
        "loss.cross_entropy": "is for classification, what is learned from diabetes is regression; "
        "these fit: huber, mae, mse"
    }


def test_an_augmentation_must_be_for_the_kind() -> None:
    found = problems(dataset="breast_cancer", architecture="mlp", augmentation=["none", "crop"])
    assert found == {
        "augmentation.crop": "takes samples of kind image, those of breast_cancer are vector; these fit: noise, none"
    }


def test_the_objective_must_be_reported_for_the_task() -> None:
    found = problems(dataset="diabetes", architecture="mlp", objective={"metric": "val/accuracy"})
    assert found == {
        "objective.metric": "'val/accuracy' is not reported for regression, which is learned from diabetes; "
        "these are: val/loss, val/mse, val/rmse, val/mae, val/r2, train/loss"
    }


@pytest.mark.parametrize("wanted", [True, [True, False]])
def test_oversampling_needs_labels(wanted: Any) -> None:
    found = problems(dataset="diabetes", architecture="mlp", training={"oversample": wanted})
    assert list(found) == ["training.oversample"]
    assert "needs a label for each sample" in found["training.oversample"]


def test_data_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    found = problems(dataset={"series": {"file": str(tmp_path / "nowhere.csv")}}, architecture="linear")
    assert list(found) == ["dataset.series"]
    assert "nowhere.csv" in found["dataset.series"]
    assert "\n" not in found["dataset.series"]


def test_every_problem_comes_at_once_and_no_sweep_is_begun(tmp_path: Path, home: Path) -> None:
    raw = {
        "name": "unfit",
        "dataset": example("series", tmp_path),
        "architecture": ["vgg", "gru"],
        "loss": "focal",
        "augmentation": "flip",
        "training": {"oversample": True},
        "objective": {"metric": "val/accuracy"},
    }
    sweep = Sweep({**SMALL, **raw}, home=home)
    with pytest.raises(SpecError) as caught:
        sweep.run(runner="inline")
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"architecture.vgg", "augmentation.flip", "loss.focal", "training.oversample", "objective.metric"}
    assert sweep.home.names() == []


# --- what a spec leaves out follows from the task of its data ---


@pytest.mark.parametrize(
    ("dataset", "loss", "metric", "mode"),
    [
        ("digits", "cross_entropy", "val/accuracy", "max"),
        ("diabetes", "mse", "val/mse", "min"),
        ({"series": {"file": "waves.csv"}}, "mse", "val/mse", "min"),
        ({"table": {"file": "rows.csv", "target": "price", "learn": "regression"}}, "mse", "val/mse", "min"),
        ({"table": {"file": "rows.csv", "target": "wet, cold"}}, "binary_cross_entropy", "val/accuracy", "max"),
        ({"table": {"file": "rows.csv", "target": "kind"}}, "cross_entropy", "val/accuracy", "max"),
        (["diabetes", {"series": {"file": "waves.csv"}}], "cross_entropy", "val/accuracy", "max"),  # two tasks: named
    ],
)
def test_loss_and_objective_follow_the_task(dataset: Any, loss: str, metric: str, mode: str) -> None:
    spec = SweepSpec.read({"dataset": dataset, "architecture": "mlp", "searcher": "random"})
    objective = spec.objective.resolved()
    assert (spec.loss, objective.metric, objective.mode) == (loss, metric, mode)


def test_what_is_given_stays() -> None:
    spec = SweepSpec.read(
        {"dataset": "diabetes", "architecture": "mlp", "loss": "huber", "objective": {"metric": "val/mae"}}
    )
    assert (spec.loss, spec.objective.metric) == ("huber", "val/mae")
    mode_alone = SweepSpec.read({"dataset": "diabetes", "architecture": "mlp", "objective": {"mode": "min"}})
    assert mode_alone.objective.resolved().metric == "val/mse"
