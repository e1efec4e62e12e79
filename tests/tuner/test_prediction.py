"""Predictions of registered models: the network's own outputs on the training data's tensors, in words and units."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_diabetes, load_digits
from torch import Tensor
from typer.testing import CliRunner

from search_spaces.datasets.breast_cancer import BreastCancer
from search_spaces.datasets.diabetes import Diabetes
from search_spaces.datasets.digits import Digits
from search_spaces.datasets.image_folder import ImageFolder
from search_spaces.datasets.mnist import Mnist
from search_spaces.datasets.series import Series
from search_spaces.datasets.table import Table
from search_spaces.datasets.text import Text
from tracking.models import DATA
from tuner.assignment import Assignment
from tuner.commands import app
from tuner.errors import UsageError
from tuner.home import Home
from tuner.loaded import loaded
from tuner.prediction import UNNAMED, predict

pytestmark = pytest.mark.slow

MLP = {"name": "mlp", "width": 8, "depth": 1}
Register = Callable[..., Assignment]


def predicted(source: Path, out: Path) -> pd.DataFrame:
    predict("m", source, out)
    return pd.read_csv(out, dtype={"sample": str})


def outputs(x: Tensor) -> Tensor:
    """What the registered network gives for tensors of the training data."""
    with loaded("m", Home.at()) as model, torch.no_grad():
        return model.network(x)


def written(frame: Any, file: Path) -> Path:
    pd.DataFrame(frame).to_csv(file, index=False)
    return file


def probabilities(frame: pd.DataFrame) -> Tensor:
    return torch.tensor(frame[[name for name in frame if name.startswith("p_")]].to_numpy())


@pytest.fixture
def a_table(tmp_path: Path, register: Register) -> Path:
    """A registered classifier of a small table; the table itself."""
    choice = Table.example(tmp_path)
    register("m", choice, MLP)
    return Path(choice.file)


def test_rows_of_a_table_get_their_class_and_the_probability_of_each(a_table: Path, tmp_path: Path) -> None:
    found = predicted(a_table, tmp_path / "out.csv")
    data = Table(file=a_table, target="sold").build()

    assert found["sample"].tolist() == [str(row) for row in range(1, 61)]
    assert list(found.columns) == ["sample", "class", "p_n", "p_y"]
    assert (found["class"] == np.where(found["p_y"] > found["p_n"], "y", "n")).all()
    # the rows of the test part, as training had them
    wanted = outputs(data.test.x).double().softmax(1)
    found_there = probabilities(found)
    assert all(((row - found_there).abs().amax(1) < 1e-7).any() for row in wanted)


def test_rows_without_the_target_and_in_another_order_of_columns_are_predicted_alike(
    a_table: Path, tmp_path: Path
) -> None:
    rows = pd.read_csv(a_table)
    others = written(rows[["age", "colour", "width"]], tmp_path / "others.csv")
    pd.testing.assert_frame_equal(predicted(a_table, tmp_path / "a.csv"), predicted(others, tmp_path / "b.csv"))


def test_a_missing_column_is_refused_and_nothing_is_written(a_table: Path, tmp_path: Path) -> None:
    source = written(pd.read_csv(a_table).drop(columns="colour"), tmp_path / "less.csv")
    with pytest.raises(UsageError, match=r"less.csv: has no column 'colour', which the model was trained with; known"):
        predict("m", source, tmp_path / "out.csv")
    assert sorted(it.name for it in tmp_path.iterdir()) == ["home", "less.csv", "table.csv"]


def test_words_in_a_column_of_numbers_are_refused_with_their_row(a_table: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(a_table, dtype={"age": object})
    rows.loc[41, "age"] = "old"
    with pytest.raises(UsageError, match=r"column 'age' must hold numbers, as in training; row 42 holds 'old'"):
        predict("m", written(rows, tmp_path / "words.csv"), tmp_path / "out.csv")


def test_unknown_columns_and_categories_are_passed_over_and_said(a_table: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(a_table).assign(shop="x")
    rows.loc[:4, "colour"] = "pink"
    remarks = predict("m", written(rows, tmp_path / "more.csv"), tmp_path / "out.csv").remarks
    assert remarks == {
        "column 'sold' is not one of the model's and is passed over": 60,
        "column 'shop' is not one of the model's and is passed over": 60,
        "column 'colour' holds a category that training did not have, taken as none": 5,
    }


def test_ten_thousand_rows_are_predicted_piece_by_piece(
    a_table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    encode = Table.example(tmp_path).build().preparation.__class__.encode
    monkeypatch.setattr(
        "search_spaces.preparations.table.Table.encode", lambda self, raw: seen.append(len(raw)) or encode(self, raw)
    )
    rows = pd.concat([pd.read_csv(a_table)] * 167)[:10_000]
    found = predicted(written(rows, tmp_path / "long.csv"), tmp_path / "out.csv")

    assert (len(found), sum(seen), max(seen)) == (10_000, 10_000, 1024)
    assert found["sample"].tolist() == [str(row) for row in range(1, 10_001)]
    np.testing.assert_allclose(probabilities(found)[1020:1080], probabilities(found)[:60], rtol=1e-6)


def test_numbers_come_in_their_own_units(register: Register, tmp_path: Path) -> None:
    register("m", Diabetes(), MLP)
    bunch = load_diabetes(scaled=False)
    source = written(pd.DataFrame(bunch.data, columns=bunch.feature_names), tmp_path / "patients.csv")
    found = predicted(source, tmp_path / "out.csv")
    data = Diabetes().build()

    y = torch.cat([part.y for part in (data.train, data.validation, data.test)])
    assert y.sum().item() * data.targets.deviations[0] + len(y) * data.targets.means[0] == pytest.approx(
        bunch.target.sum(), rel=1e-6
    )
    said = outputs(data.test.x).flatten().double() * data.targets.deviations[0] + data.targets.means[0]
    assert list(found.columns) == ["sample", "progression"]
    assert all((found["progression"] - value).abs().min() < 1e-3 for value in said.tolist())


def test_labels_are_said_one_by_one(register: Register, tmp_path: Path) -> None:
    rows = {"a": range(40), "wet": [i % 2 for i in range(40)], "cold": [i // 20 for i in range(40)]}
    source = written(rows, tmp_path / "days.csv")
    register("m", Table(file=source, target="wet, cold"), MLP)
    found = predicted(source, tmp_path / "out.csv")

    assert list(found.columns) == ["sample", "wet", "cold", "p_wet", "p_cold"]
    assert (found["wet"] == (found["p_wet"] > 0.5)).all()


def test_texts_are_read_from_their_column(register: Register, tmp_path: Path) -> None:
    rows = [("a lovely film", "good"), ("a dull film", "bad")] * 20
    source = written(pd.DataFrame(rows, columns=["review", "verdict"]), tmp_path / "reviews.csv")
    register("m", Text(path=source, text="review", label="verdict", length=8), {"name": "rnn", "hidden": 8})
    found = predicted(source, tmp_path / "out.csv")

    assert found["sample"][0] == "line 2"
    assert list(found.columns) == ["sample", "class", "p_bad", "p_good"]
    assert found["p_good"].nunique() == 2
    with pytest.raises(UsageError, match=r"other.csv, line 1: has no column 'review'; did you mean 'reviews'"):
        predict("m", written({"reviews": ["fine"]}, tmp_path / "other.csv"), tmp_path / "x.csv")


def test_a_series_is_forecast_in_its_own_units_from_its_last_rows(register: Register, tmp_path: Path) -> None:
    choice = Series.example(tmp_path)
    register("m", choice, {"name": "linear"})
    found = predicted(Path(choice.file), tmp_path / "out.csv")
    data = choice.build()

    window = torch.cat([data.test.x[-1], data.test.y[-1]])[-12:]  # the last rows that the file has
    said = data.targets.in_units(outputs(window[None]).reshape(4, 2))
    assert found["step"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(found[["north", "south"]], said, rtol=1e-5)
    short = tmp_path / "short.csv"
    short.write_text("\n".join(Path(choice.file).read_text().splitlines()[:8]))
    with pytest.raises(UsageError, match=r"short.csv: must have at least 12 rows, which the model sees, got 7"):
        predict("m", short, tmp_path / "x.csv")


def test_images_are_named_by_their_files(register: Register, tmp_path: Path) -> None:
    choice = ImageFolder.example(tmp_path)
    register("m", choice, {"name": "linear"})
    found = predicted(choice.folder, tmp_path / "out.csv")
    one = predicted(choice.folder / "dark" / "0.png", tmp_path / "one.csv")

    assert len(found) == 40
    assert found["sample"][0] == "dark/0.png"
    assert one["p_dark"][0] == pytest.approx(found["p_dark"][0], rel=1e-5)
    assert one["sample"].tolist() == ["0.png"]


def test_images_of_another_size_are_refused(register: Register, tmp_path: Path) -> None:
    register("m", Mnist.example(tmp_path), {"name": "linear"})
    Image.new("L", (20, 28)).save(tmp_path / "narrow.png")
    np.save(tmp_path / "small.npy", np.zeros((3, 14, 14), dtype=np.uint8))
    with pytest.raises(UsageError, match=r"narrow.png must be of 28 x 28 pixels \(height x width\), got 28 x 20"):
        predict("m", tmp_path / "narrow.png", tmp_path / "out.csv")
    with pytest.raises(UsageError, match=r"small.npy: must hold images of 1 x 28 x 28 .*, got \[3, 14, 14\]"):
        predict("m", tmp_path / "small.npy", tmp_path / "out.csv")
    with pytest.raises(UsageError, match=r"must be an image .* got 'rows.csv'"):
        predict("m", written({"a": [1]}, tmp_path / "rows.csv"), tmp_path / "out.csv")


def test_arrays_are_read_as_the_source_has_them(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), MLP)
    images = load_digits().images
    np.save(tmp_path / "a.npy", images)
    np.savez(tmp_path / "b.npz", x=images.astype(np.uint8)[:, None], names=np.array(["a"]))
    np.save(tmp_path / "c.npy", images * 16)
    found = [predicted(tmp_path / name, tmp_path / "out.csv") for name in ("a.npy", "b.npz")]

    pd.testing.assert_frame_equal(*found)
    assert list(found[0].columns) == ["sample", "class", *(f"p_{digit}" for digit in range(10))]
    data = Digits().build()
    wanted = outputs(data.test.x).double().softmax(1)
    assert all(((row - probabilities(found[0])).abs().amax(1) < 1e-7).any() for row in wanted)
    with pytest.raises(UsageError, match=r"c.npy: must hold pixels from 0, black, to 16, white, got 0 to 256"):
        predict("m", tmp_path / "c.npy", tmp_path / "out.csv")


def test_an_array_with_pickled_objects_is_not_opened(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), MLP)
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match=r"objects.npy: .*allow_pickle=False"):
        predict("m", tmp_path / "objects.npy", tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("name", "said"),
    [("n", "no model named 'n'; known: m"), ("m@chmpion", "did you mean 'champion'"), ("m/7", "has no version 7")],
)
def test_an_unknown_model_is_one_line_and_exit_code_2(name: str, said: str, register: Register, tmp_path: Path) -> None:
    register("m", BreastCancer(), MLP)
    done = CliRunner().invoke(app(), ["predict", name, str(tmp_path)], catch_exceptions=True)
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)


def test_what_nothing_is_known_of_takes_the_networks_own_inputs_and_says_so(
    register: Register, home: Path, tmp_path: Path
) -> None:
    register("m", Digits(), MLP)
    [file] = home.rglob(Path(DATA).name)
    file.write_text(json.dumps({}))
    x = Digits().build().test.x[:3]
    np.save(tmp_path / "x.npy", x.numpy())
    found = predict("m", tmp_path / "x.npy", tmp_path / "out.csv")
    said = torch.tensor(pd.read_csv(tmp_path / "out.csv").filter(like="output_").to_numpy())
    torch.testing.assert_close(said, outputs(x).double())
    assert found.remarks == {UNNAMED: 3}
    np.save(tmp_path / "x.npy", x.numpy()[:, 0])
    with pytest.raises(UsageError, match=r"own data module gives them, \[samples, 1, 8, 8\], got \[3, 8, 8\]"):
        predict("m", tmp_path / "x.npy", tmp_path / "out.csv")
    with pytest.raises(UsageError, match=r"x.csv: must be a .npy or .npz array of inputs"):
        predict("m", written({"a": [1]}, tmp_path / "x.csv"), tmp_path / "out.csv")


def test_a_network_that_rebuilds_its_samples_predicts_nothing(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), {"name": "autoencoder"})
    with pytest.raises(UsageError, match="m/1 is a network of kind autoencoder, which predicts nothing"):
        predict("m", tmp_path, tmp_path / "out.csv")


def test_a_model_with_a_loader_of_its_own_is_refused_before_it_is_loaded(
    register: Register, home: Path, tmp_path: Path
) -> None:
    register("m", Digits(), MLP)
    [file] = home.rglob("MLmodel")
    file.write_text(file.read_text().replace("loader_module: mlflow.pytorch", "loader_module: bad.code"))
    with pytest.raises(UsageError, match=r"a loader of its own \(bad.code\).*--trust-code"):
        predict("m", tmp_path, tmp_path / "out.csv")


def test_the_command_writes_to_standard_output_and_says_how_many(
    a_table: Path, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    app()(["predict", "m@champion", str(a_table)], standalone_mode=False)
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "sample,class,p_n,p_y"
    assert len(said.out.splitlines()) == 61
    assert "60 samples predicted by m/1" in said.err
