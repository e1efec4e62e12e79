"""How far samples lie apart in a metric: worked out by hand, and against what other samples really give."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from search_spaces import plugins
from tuner.modules.metrics import metrics
from tuner.modules.spreads import spreads

FOLDER = "search_spaces.losses"


def test_squared_and_absolute_errors_by_hand() -> None:
    outputs, y = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([0.0, 0.0, 0.0])
    found = spreads("regression", lambda o, t: F.mse_loss(o, t.reshape(o.shape)), outputs, y)
    # squares 1, 4, 36: mean 41/3, deviation 19.4; sizes 1, 2, 6: deviation sqrt(7); the root's slope is 1 / (2 root)
    squares = math.sqrt(((1 - 41 / 3) ** 2 + (4 - 41 / 3) ** 2 + (36 - 41 / 3) ** 2) / 2)
    wanted = {"loss": squares, "mse": squares, "mae": math.sqrt(7), "rmse": squares / (2 * math.sqrt(41 / 3))}
    assert found == pytest.approx(wanted)


def test_a_share_of_labels_by_hand() -> None:
    outputs = torch.tensor([[2.0, -2.0], [2.0, 2.0], [-2.0, -2.0], [3.0, -3.0]])
    y = torch.tensor([[1.0, 0.0]] * 4)  # right: both, one, one, both
    found = spreads("multilabel", F.binary_cross_entropy_with_logits, outputs, y)
    assert found["accuracy"] == pytest.approx(math.sqrt(4 * 0.25**2 / 3))


def test_parts_of_other_samples_differ_by_as_much_as_is_said() -> None:
    # 400 parts of 100 samples each: the deviation of their metrics, against that of single samples / sqrt(100).
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(40_000, 4, generator=generator)
    y = torch.multinomial(outputs.softmax(1), 1, generator=generator).flatten()
    said = spreads("classification", F.cross_entropy, outputs, y)
    parts = list(zip(outputs.split(100), y.split(100), strict=True))
    found = {
        "loss": [F.cross_entropy(*part) for part in parts],
        "perplexity": [metrics("classification", *part)["perplexity"] for part in parts],
    }
    assert said.keys() == found.keys()
    for name, values in found.items():
        assert said[name] / 10 == pytest.approx(float(torch.stack(values).std()), rel=0.12), name


@pytest.mark.parametrize("name", plugins.names(FOLDER))
def test_every_loss_can_be_taken_apart(name: str) -> None:
    loss = plugins.find(FOLDER, name)()
    task = next(it for it in ("classification", "regression", "multilabel") if it in loss.tasks)
    outputs = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    y = torch.arange(50) % 3 if task == "classification" else (outputs.flip(0) > 0).float()
    assert spreads(task, loss.build(), outputs, y)["loss"] > 0


def test_what_is_no_mean_over_independent_samples_is_left_out() -> None:
    outputs, y = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 3
    weighed = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 25.0]))
    assert spreads("classification", weighed, outputs, y).keys() == {"perplexity"}
    assert spreads("forecasting", F.mse_loss, outputs, outputs) == {}
