import pytest
import torch
from pydantic import ValidationError

from search_spaces.datasets.digits import Digits


def test_digits_have_the_sizes_of_scikit_learns() -> None:
    data = Digits().build()
    assert (data.inputs, data.inputs.kind) == ((1, 8, 8), "image")
    assert data.outputs == 10
    assert data.classes == tuple("0123456789")
    assert sum(map(len, (data.train, data.validation, data.test))) == 1797
    # 15 % of 178, 182, 177, 183, 181, 182, 181, 179, 174 and 180, each rounded, are 27 but for 26 of 174
    assert len(data.validation) == len(data.test) == 9 * 27 + 26


def test_pixels_are_scaled_by_the_training_part() -> None:
    data = Digits().build()
    assert data.train.x.mean().item() == pytest.approx(0, abs=1e-4)
    assert data.train.x.std().item() == pytest.approx(1, abs=1e-4)
    assert data.validation.x.mean().item() != pytest.approx(0, abs=1e-6)


def test_the_same_settings_give_the_same_numbers() -> None:
    assert Digits().build().digest == Digits().build().digest
    assert Digits().build().digest != Digits(split_seed=1).build().digest


def test_another_split_holds_the_same_samples() -> None:
    def everything(seed: int) -> list[int]:
        data = Digits(split_seed=seed).build()
        return torch.cat([part.y for part in (data.train, data.validation, data.test)]).bincount().tolist()

    assert everything(0) == everything(1) == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_shares_leave_something_to_train_on() -> None:
    with pytest.raises(ValidationError, match="must leave something to train on"):
        Digits(validation=0.6, test=0.4)
