"""Optimizers: one step by hand, and that all of them learn."""

import math

import pytest
import torch
from torch import nn

from search_spaces import plugins
from search_spaces.optimizers.adagrad import Adagrad
from search_spaces.optimizers.rmsprop import Rmsprop

NAMES = plugins.names("search_spaces.optimizers")


def weight_after(optimizer, gradients):
    weight = nn.Parameter(torch.tensor([1.0]))
    built = optimizer.build([weight])
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        built.step()
    return weight.item()


def test_adagrad_divides_by_all_gradients_so_far():
    # Two gradients of 3 and 4: steps of 3/3 and 4/5, times the learning rate.
    found = weight_after(Adagrad(lr=0.1, weight_decay=0.0), [3.0, 4.0])

    assert found == pytest.approx(1 - 0.1 * (1 + 4 / 5), abs=1e-6)


def test_adagrad_starts_from_its_initial_sum():
    # sqrt(16 + 3 * 3) = 5.
    assert weight_after(Adagrad(lr=0.1, initial=16.0, weight_decay=0.0), [3.0]) == pytest.approx(1 - 0.06, abs=1e-6)


def test_rmsprop_divides_by_a_running_mean():
    # The mean of squares is 0.1 * 9 after the first step and 0.9 * 0.9 + 0.1 * 16 after the second.
    found = weight_after(Rmsprop(lr=0.1, smoothing=0.9, weight_decay=0.0), [3.0, 4.0])

    assert found == pytest.approx(1 - 0.1 * (3 / math.sqrt(0.9) + 4 / math.sqrt(0.81 + 1.6)), abs=1e-6)


def test_centered_rmsprop_divides_by_the_deviation():
    # Mean of squares 0.5 * 9, mean 0.5 * 3: a variance of 4.5 - 2.25.
    found = weight_after(Rmsprop(lr=0.1, smoothing=0.5, centered=True, weight_decay=0.0), [3.0])

    assert found == pytest.approx(1 - 0.1 * 3 / 1.5, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_optimizer_gets_down_a_parabola(name):
    weights = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = plugins.find("search_spaces.optimizers", name)(lr=0.05).build(iter([weights]))
    for _ in range(50):
        optimizer.zero_grad()
        (weights**2).sum().backward()
        optimizer.step()

    assert (weights**2).sum() < 2.5


@pytest.mark.parametrize("name", NAMES)
def test_the_state_of_every_optimizer_goes_on_where_it_stopped(name, tmp_path):
    kind = plugins.find("search_spaces.optimizers", name)

    def stepped(weight, optimizer):
        (weight**3).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        return weight.detach().clone()

    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = kind(lr=0.01).build([weight])
    middle = stepped(weight, optimizer)
    torch.save(optimizer.state_dict(), tmp_path / "state")
    end = stepped(weight, optimizer)

    again = nn.Parameter(middle)
    resumed = kind(lr=0.01).build([again])
    resumed.load_state_dict(torch.load(tmp_path / "state", weights_only=True))
    assert stepped(again, resumed).equal(end)
