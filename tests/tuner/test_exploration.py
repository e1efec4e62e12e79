from collections import Counter

import pytest

from search_spaces.dimensions import Between
from search_spaces.space import Space
from tuner.exploration import Perturbation, changeable, choices_of, moved

RAW = {
    "dataset": {"digits": {}},
    "architecture": ["mlp", "linear"],
    "loss": {"cross_entropy": {"label_smoothing": {"low": 0.0, "high": 0.2}}},
    "optimizer": ["sgd", "adamw"],
    "lr_schedule": {"constant": {"warmup": 0.0}},
    "augmentation": "none",
    "training": {"accumulate": [1, 2]},
}
LR = {"optimizer": {"sgd": {"lr": {"low": 0.01, "high": 1.0, "log": True}, "momentum": 0.9, "nesterov": False}}}


@pytest.mark.parametrize(
    ("dimension", "value", "down", "up"),
    [
        pytest.param(Between(0.0, 1.0), 0.5, 0.4, 0.6, id="a real number"),
        pytest.param(Between(1e-4, 1e-1, log=True), 1e-2, 8e-3, 1.2e-2, id="on a log scale"),
        pytest.param(Between(0.45, 0.55), 0.5, 0.45, 0.55, id="within its range"),
        pytest.param(Between(0.0, 0.5), 0.0, 0.0, 0.0, id="nothing stays nothing"),
        pytest.param(Between(10, 100), 50, 40, 60, id="an integer"),
        pytest.param(Between(1, 9), 2, 1, 3, id="a small integer moves by one"),
        pytest.param(Between(1, 9), 1, 1, 2, id="an integer at the end of its range"),
        pytest.param(Between(0.0, 1.0, step=0.25), 0.5, 0.25, 0.75, id="steps"),
        pytest.param(Between(-10.0, 10.0), -5.0, -4.0, -6.0, id="a negative number"),
        pytest.param(Between(-9, 9), -2, -1, -3, id="a negative integer"),
    ],
)
def test_a_number_is_multiplied_within_its_range(dimension, value, down, up):
    found = moved(dimension, value, 0.8), moved(dimension, value, 1.2)
    assert found == (pytest.approx(down), pytest.approx(up))
    assert [type(it) for it in found] == [type(value)] * 2


def test_what_a_network_in_training_can_do_with_changed_may_change():
    assert set(changeable(Space.read(RAW))) == {
        "architecture.mlp.dropout",
        "loss.cross_entropy.label_smoothing",
        "optimizer.sgd.lr",
        "optimizer.sgd.momentum",
        "optimizer.sgd.nesterov",
        "optimizer.sgd.weight_decay",
        "optimizer.adamw.lr",
        "optimizer.adamw.weight_decay",
    }


USERS_MODULE = """
import lightning.pytorch as L

class Net(L.LightningModule):
    def __init__(self, hidden: int = 8, rate: float = 0.1, kind: str = "a"):
        super().__init__()
"""


def test_of_a_users_own_module_only_real_numbers_may_change(tmp_path, monkeypatch):
    (tmp_path / "exploration_users.py").write_text(USERS_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    ranges = {"hidden": {"low": 4, "high": 64}, "rate": {"low": 0.01, "high": 0.1}, "kind": ["a", "b"]}
    space = Space.read({"architecture": {"module": "exploration_users:Net", **ranges}})
    assert set(changeable(space)) == {"architecture.Net.rate"}


def test_a_copy_differs_in_what_may_change_and_in_nothing_else():
    space = Space.read(RAW)
    params = {
        "architecture": "mlp",
        "architecture.mlp.width": 64,
        "architecture.mlp.activation": "tanh",
        "architecture.mlp.dropout": 0.25,
        "optimizer": "sgd",
        "optimizer.sgd.lr": 0.1,
        "optimizer.sgd.nesterov": True,
        "training.batch_size": 64,
    }
    found = Perturbation(space, 0.0, seed=1)(3, 4, params)
    changed = {name for name, value in found.items() if value != params[name]}
    assert changed == {"architecture.mlp.dropout", "optimizer.sgd.lr"}  # an option stays, unless it is drawn afresh
    assert found["optimizer.sgd.lr"] in (pytest.approx(0.08), pytest.approx(0.12))
    assert found.keys() == params.keys()


def test_draws_follow_from_the_seed_the_trial_and_the_epoch():
    space, params = Space.read(LR), {"optimizer.sgd.lr": 0.1}
    first = Perturbation(space, 0.5, seed=1)
    assert first(3, 4, params) == Perturbation(space, 0.5, seed=1)(3, 4, params)
    found = {first(number, epoch, params)["optimizer.sgd.lr"] for number in range(10) for epoch in range(10)}
    assert len(found) > 40


def test_up_and_down_are_as_likely_and_some_are_drawn_afresh():
    perturb = Perturbation(Space.read(LR), 0.25, seed=0)
    found = Counter(round(perturb(n, 2, {"optimizer.sgd.lr": 0.1})["optimizer.sgd.lr"], 9) for n in range(2000))
    # three in eight each way, with a standard deviation of 22 of 750
    assert abs(found.pop(0.08) - 750) < 90
    assert abs(found.pop(0.12) - 750) < 90
    # the rest fill the range evenly in the logarithm: half of them lie below 0.1
    below = sum(count for value, count in found.items() if value < 0.1)
    assert abs(below / found.total() - 0.5) < 0.1
    assert min(found) >= 0.01
    assert max(found) <= 1.0


def test_an_option_is_drawn_afresh_among_all_of_them():
    raw = {"optimizer": {"sgd": {"momentum": [0.0, 0.5, 0.9], "lr": 0.1, "weight_decay": 0.0, "nesterov": False}}}
    perturb = Perturbation(Space.read(raw), 1.0, seed=0)
    found = Counter(perturb(n, 2, {"optimizer.sgd.momentum": 0.5})["optimizer.sgd.momentum"] for n in range(300))
    assert set(found) == {0.0, 0.5, 0.9}
    assert min(found.values()) > 60


def test_searched_values_lead_back_to_the_choices_that_have_them():
    space = Space.read({"optimizer": ["sgd", "adamw"], "training": {"batch_size": [32, 64]}})
    params = {
        "optimizer": "sgd",
        "optimizer.sgd.lr": 0.5,
        "optimizer.sgd.momentum": 0.25,
        "optimizer.sgd.nesterov": True,
        "optimizer.sgd.weight_decay": 1e-3,
        "training.batch_size": 64,
    }
    choices = choices_of(space, params)
    assert choices["optimizer"] == {"name": "sgd", "lr": 0.5, "momentum": 0.25, "nesterov": True, "weight_decay": 1e-3}
    assert choices["training"]["batch_size"] == 64
