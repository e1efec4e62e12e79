"""What strategies of transfer keep to, with every supervised architecture and every optimizer."""

from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from search_spaces import plugins
from search_spaces.blocks import blocks_of, head_of
from search_spaces.choice import Architecture, Optimizer, Transfer
from search_spaces.shape import Kind, Shape
from tuner.modules.layerwise import Layerwise

ARCHITECTURES = "search_spaces.architectures"
OUTPUTS = 4
SHAPES: dict[Kind, Shape] = {
    "image": Shape((1, 32, 32)),
    "vector": Shape((16,)),
    "text": Shape((12,), "text", vocabulary=50),
    "series": Shape((24, 3)),
}
SMALL: dict[str, dict[str, Any]] = {
    "alexnet": {"width": 0.25},
    "vgg": {"width": 0.125},
    "resnet": {"depth": 8, "width": 0.5},
    "densenet": {"growth": 8},
    "vit": {"width": 32, "depth": 2},
}
NAMES = [name for name in plugins.names(ARCHITECTURES) if name != "pretrained"]
PAIRS = [
    (name, fit)
    for name in NAMES
    for fit in cast(Any, plugins.find(ARCHITECTURES, name)).fits
    if cast(Any, plugins.find(ARCHITECTURES, name)).learning == "supervised"
]
STRATEGIES = [name for name in plugins.names("search_spaces.transfer") if name != "auto"]

architectures = pytest.mark.parametrize(("name", "fit"), PAIRS, ids=[f"{name}-{fit}" for name, fit in PAIRS])
strategies = pytest.mark.parametrize("strategy", STRATEGIES)


def network_of(name: str, fit: Kind) -> tuple[nn.Module, frozenset[str]]:
    choice = cast(Architecture, plugins.find(ARCHITECTURES, name)(**SMALL.get(name, {})))
    torch.manual_seed(0)
    return choice.build(SHAPES[fit], OUTPUTS), head_of(choice, SHAPES[fit], OUTPUTS)


def samples(inputs: Shape) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if inputs.kind == "text":
        return torch.randint(1, inputs.vocabulary or 2, (8, *inputs), generator=generator)
    return torch.randn(8, *inputs, generator=generator)


def find(name: str) -> Transfer:
    return cast(Transfer, plugins.find("search_spaces.transfer", name)())


def step(network: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor) -> set[str]:
    """The parameters and statistics that one step changes."""
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(x), torch.arange(len(x)) % OUTPUTS).backward()
    optimizer.step()
    return {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}


@architectures
def test_every_parameter_is_in_exactly_one_block_and_the_head_in_the_first(name: str, fit: Kind) -> None:
    network, head = network_of(name, fit)
    blocks = blocks_of(network, head)
    found = [parameter for block in blocks for parameter in block.parameters]
    assert sorted(found) == sorted(parameter for parameter, _ in network.named_parameters())
    assert head
    assert head <= blocks[0].parameters.keys()


@architectures
def test_the_heads_outputs_are_the_networks_own(name: str, fit: Kind) -> None:
    network, head = network_of(name, fit)
    with torch.no_grad():
        for parameter in (value for key, value in network.named_parameters() if key in head):
            parameter.zero_()
        assert network.eval()(samples(SHAPES[fit])).abs().max() == 0


@architectures
def test_a_feature_extractor_changes_nothing_but_its_head(name: str, fit: Kind) -> None:
    network, head = network_of(name, fit)
    layerwise = Layerwise(find("feature_extractor"), tuple(blocks_of(network, head)))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    layerwise.regroup(optimizer)
    network.train()
    layerwise.begin(0, 1)
    assert step(network, optimizer, samples(SHAPES[fit])) <= layerwise.blocks[0].parameters.keys()


@strategies
@pytest.mark.parametrize("blocks", [1, 2, 5, 40])
@pytest.mark.parametrize("epochs", [1, 3, 20])
def test_it_trains_the_head_always_and_never_freezes_what_it_has_opened(
    strategy: str, blocks: int, epochs: int
) -> None:
    opened = [find(strategy).opened(blocks, epoch, epochs) for epoch in range(epochs)]
    assert opened[0] >= 1
    assert max(opened) <= blocks
    assert all(before <= after for before, after in pairwise(opened))


@strategies
def test_its_rates_are_at_most_the_heads_own(strategy: str) -> None:
    rates = [find(strategy).rate(block, 7) for block in range(7)]
    assert rates[0] == 1
    assert all(0 < after <= before for before, after in pairwise(rates))


@strategies
@pytest.mark.parametrize("optimizer", plugins.names("search_spaces.optimizers"))
def test_every_optimizer_moves_the_opened_blocks_and_only_those(strategy: str, optimizer: str) -> None:
    network, head = network_of("convnet", "image")
    blocks = tuple(blocks_of(network, head))
    layerwise = Layerwise(find(strategy), blocks)
    made = cast(Optimizer, plugins.find("search_spaces.optimizers", optimizer)()).build(network.parameters())
    layerwise.regroup(made)
    for epoch in range(4):
        network.train()
        layerwise.begin(epoch, 4)
        opened = layerwise.strategy.opened(len(blocks), epoch, 4)
        moved = step(network, made, samples(SHAPES["image"]))
        assert {key for block in blocks[:opened] for key in block.parameters} <= moved
        frozen = [module for block in blocks[opened:] for module in block.modules]
        assert not [key for key in moved if key.rpartition(".")[0] in frozen]
