"""What every data set keeps to: on its own small example, or as it is if it needs no file and no download."""

import inspect
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor

from search_spaces import plugins
from search_spaces.choice import Dataset
from search_spaces.data import Data

FOLDER = "search_spaces.datasets"


@pytest.fixture(scope="module", params=plugins.names(FOLDER))
def choice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    kind = cast(type[Dataset], plugins.find(FOLDER, request.param))
    missing = [name for name, field in kind.model_fields.items() if field.is_required()]
    if missing and inspect.getattr_static(kind, "example") is inspect.getattr_static(Dataset, "example"):
        pytest.skip(f"{', '.join(missing)} must be given, and there is no example")
    folder: Path = tmp_path_factory.mktemp(request.param)
    return kind.example(folder)


@pytest.fixture(scope="module")
def data(choice: Dataset) -> Data:
    return choice.build()


def parts(data: Data) -> dict[str, tuple[Tensor, Tensor]]:
    found = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: (part.x, part.y) for name, part in found.items()}


def test_every_part_has_samples_of_one_shape_each_with_its_target(data: Data) -> None:
    for name, (x, y) in parts(data).items():
        assert len(x) == len(y) > 0, name
        assert tuple(x.shape[1:]) == tuple(data.inputs), name


def test_every_number_is_finite(data: Data) -> None:
    for name, (x, y) in parts(data).items():
        assert x.isfinite().all(), name
        assert y.isfinite().all(), name


def test_samples_are_what_their_kind_says(data: Data) -> None:
    sizes = {"image": 3, "series": 2, "vector": 1, "text": 1}
    assert len(data.inputs) == sizes[data.inputs.kind]
    for x, _ in parts(data).values():
        if data.inputs.kind == "text":
            assert data.inputs.vocabulary is not None
            assert x.dtype == torch.long
            assert 0 <= x.min() <= x.max() < data.inputs.vocabulary
        else:
            assert x.dtype == torch.float32


def test_targets_are_what_the_task_says(data: Data) -> None:
    for _, y in parts(data).values():
        if data.task == "classification":
            assert 0 <= y.min() <= y.max() < data.outputs
        elif data.task == "multilabel":
            assert set(y.unique().tolist()) <= {0.0, 1.0}
        else:
            assert y.dtype == torch.float32


def test_no_sample_is_in_two_parts(data: Data) -> None:
    if data.inputs.kind == "text":
        pytest.skip("different texts become the same tokens where their words are too rare to have a number")
    rows = {
        name: {bytes(one.numpy().tobytes() + target.numpy().tobytes()) for one, target in zip(x, y, strict=True)}
        for name, (x, y) in parts(data).items()
    }
    assert not rows["train"] & rows["validation"]
    assert not rows["train"] & rows["test"]
    assert not rows["validation"] & rows["test"]


def test_building_it_again_gives_the_same_numbers(choice: Dataset, data: Data) -> None:
    assert choice.build().digest == data.digest


def test_its_plain_data_builds_the_same(choice: Dataset, data: Data) -> None:
    settings = {name: value for name, value in choice.describe().items() if name != "name"}
    assert type(choice)(**settings).build().digest == data.digest
