"""Every data set keeps what turns raw samples into its tensors: read back from JSON it gives the very same numbers."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from search_spaces import plugins
from search_spaces.choice import Dataset
from search_spaces.data import Data
from search_spaces.datasets._image_files import npz
from search_spaces.datasets.cifar10 import Cifar10
from search_spaces.meaning import Meaning
from search_spaces.preparation import Preparation

FOLDER = "search_spaces.datasets"


@pytest.fixture(scope="module", params=plugins.names(FOLDER))
def choice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return plugins.find(FOLDER, request.param).example(tmp_path_factory.mktemp(request.param))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def data(choice: Dataset) -> Data:
    return choice.build()


@pytest.fixture(scope="module")
def meaning(data: Data) -> Meaning:
    """As it comes back from a file."""
    return Meaning.from_json(json.dumps(json.loads(Meaning.of(data, "supervised").model_dump_json())))


def source_of(choice: Any, folder: Path) -> Path:
    """The raw samples of a data set's source, as a user would give them for prediction."""
    match choice.key():
        case "table" | "series":
            return Path(choice.file)
        case "text":
            return Path(shutil.copy(choice.path, folder / "texts.tsv"))
        case "image_folder":
            return Path(choice.folder)
        case "breast_cancer" | "diabetes":
            return scikit(choice, folder / "rows.csv")
    np.save(folder / "images.npy", pixels(choice))
    return folder / "images.npy"


def pixels(choice: Any) -> Any:
    if choice.key() == "digits":
        return load_digits().images
    official, test = Cifar10(file=choice.file).read() if choice.key() == "cifar10" else npz(choice.file)
    return torch.cat([official.x, test.x]).numpy()


def scikit(choice: Any, file: Path) -> Path:
    bunch = choice.load()
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([bunch.feature_names, *bunch.data.tolist()])
    return file


def all_inputs(data: Data) -> Tensor:
    return torch.cat([part.x for part in (data.train, data.validation, data.test)])


def encoded(preparation: Preparation, source: Path, at_once: int = 7) -> Tensor:
    return torch.cat([preparation.encode(some.raw) for some in preparation.read(source, at_once)])


def rows(x: Tensor) -> list[bytes]:
    return sorted(row.contiguous().numpy().tobytes() for row in x)


def test_raw_samples_of_the_source_become_exactly_what_was_trained_on(
    choice: Any, data: Data, meaning: Meaning, tmp_path: Path
) -> None:
    assert meaning.inputs is not None
    found = encoded(meaning.inputs, source_of(choice, tmp_path))

    assert found.dtype == data.train.x.dtype
    if choice.key() == "series":  # the file's last window, which is seen to forecast what comes after it
        last = data.test.y[-1]
        assert torch.equal(found[0][-len(last) :], last)
        assert torch.equal(found[0][: -len(last)], data.test.x[-1][len(last) :])
    else:
        assert rows(found) == rows(all_inputs(data))


def test_how_many_samples_are_read_at_once_changes_nothing(
    choice: Any, meaning: Meaning, data: Data, tmp_path: Path
) -> None:
    assert meaning.inputs is not None
    source = source_of(choice.example(tmp_path), tmp_path)
    assert torch.equal(encoded(meaning.inputs, source, 3), encoded(meaning.inputs, source, 10_000))


def test_json_keeps_every_number(data: Data, meaning: Meaning) -> None:
    assert meaning == Meaning.of(data, "supervised")
    assert meaning.inputs == data.preparation
    assert (meaning.task, meaning.classes, meaning.targets) == (data.task, data.classes, data.targets)


def test_outputs_have_a_name_each(data: Data, meaning: Meaning) -> None:
    outputs = torch.zeros(2, data.outputs)
    said = meaning.say(["a", "b"], outputs)
    assert all(len(values) == len(said["sample"]) for values in said.values())
    if data.task == "classification":
        assert [name for name in said if name.startswith("p_")] == [f"p_{name}" for name in data.classes]
    else:
        assert data.targets is not None
        # a network that says 0 says the mean of the training part
        assert said[data.targets.names[0]][0] == pytest.approx(data.targets.means[0])
