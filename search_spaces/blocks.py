"""A network cut into blocks by depth: what strategies of transfer freeze, or train at rates of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from search_spaces.choice import Architecture
from search_spaces.shape import Shape


@dataclass(frozen=True)
class Block:
    """One layer with weights, and what has only scales and shifts, such as a batch norm, after it.

    Attributes:
        modules: By dotted name, each with parameters of its own; those of submodules are not meant.
    """

    modules: dict[str, nn.Module]

    @property
    def parameters(self) -> dict[str, nn.Parameter]:
        """What is trained, by dotted name."""
        return {
            f"{name}.{own}" if name else own: parameter
            for name, module in self.modules.items()
            for own, parameter in module.named_parameters(recurse=False)
        }

    @property
    def norms(self) -> list[nn.Module]:
        """What keeps statistics of the samples that it has seen."""
        return [module for module in self.modules.values() if isinstance(module, _NormBase)]


def head_of(architecture: Architecture, inputs: Shape, outputs: int) -> frozenset[str]:
    """The names of the parameters that depend on what is learned: whose shape changes with the number of outputs."""
    first, second = (_shapes(architecture, inputs, count) for count in (outputs, 2 * outputs))
    return frozenset(name for name, shape in first.items() if second[name] != shape)


def blocks_of(network: nn.Module, head: frozenset[str]) -> list[Block]:
    """The network's blocks, the head first and the first layer last, in the order in which its modules were made.

    Args:
        network: What `Architecture.build` gave.
        head: What `head_of` gave; every parameter of a module that has one of them belongs to the head.
    """
    first: dict[str, nn.Module] = {}
    body: list[dict[str, nn.Module]] = [{}]
    for name, module in _with_weights(network):
        if head & Block({name: module}).parameters.keys():
            first[name] = module
            continue
        if _has_matrix(module) and any(map(_has_matrix, body[-1].values())):
            body.append({})
        body[-1][name] = module
    return [Block(first), *(Block(modules) for modules in reversed(body) if modules)]


def _with_weights(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for name, module in network.named_modules():
        if any(True for _ in module.parameters(recurse=False)) or isinstance(module, _NormBase):
            yield name, module


def _has_matrix(module: nn.Module) -> bool:
    return any(parameter.dim() > 1 for parameter in module.parameters(recurse=False))


def _shapes(architecture: Architecture, inputs: Shape, outputs: int) -> dict[str, torch.Size]:
    # On no device: only the shapes count, and drawing weights would move the random state.
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        network = architecture.build(inputs, outputs)
    return {name: parameter.shape for name, parameter in network.named_parameters()}
