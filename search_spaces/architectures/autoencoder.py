"""An autoencoder."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.shape import Kind, Shape


class Autoencoder(Architecture):
    """Learns to describe a sample by a few numbers and to rebuild it from them (Hinton and Salakhutdinov, 2006).

    With `noise` it is the denoising autoencoder (Vincent et al., ICML 2008). The network of the first paper's digits
    is `{width: 1000, depth: 3, latents: 30, activation: sigmoid}`.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image", "vector", "series")
    learning: ClassVar[str] = "autoencoder"

    latents: Annotated[int, Between(2, 64, log=True, shapes=True), Field(ge=1)] = 20
    """Numbers that describe a sample."""
    width: Annotated[int, Between(64, 1024, log=True, shapes=True), Field(ge=1)] = 256
    """Units of the encoder's first hidden layer; each further one has half as many, and the decoder mirrors them."""
    depth: Annotated[int, Between(1, 3, shapes=True), Field(ge=1)] = 2
    """Number of hidden layers of the encoder, and of the decoder."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "swish", "tanh")
    ] = "relu"
    """What follows every hidden layer."""
    noise: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.0
    """Share of a training sample's numbers that are hidden from the encoder, as zeros; 0 hides nothing."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Samples in, their reconstructions in the same shape out; `outputs` is of no concern."""
        widths = [math.prod(inputs), *(max(1, self.width // 2**layer) for layer in range(self.depth)), self.latents]
        encoder = nn.Sequential(nn.Flatten(), *self._layers(widths))
        return Reconstruction(encoder, nn.Sequential(*self._layers(widths[::-1])), self.noise)

    def _layers(self, widths: list[int]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for features, width in pairwise(widths):
            layers += [nn.Linear(features, width), activation(self.activation)]
        return layers[:-1]


class Reconstruction(nn.Module):
    """Samples, through a few numbers each, back to samples.

    Args:
        encoder: Samples [batch, ...] to codes [batch, latents].
        decoder: Codes to the samples' numbers in one row, [batch, numbers].
        noise: Share of the numbers that are hidden from the encoder in training.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, noise: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.noise = noise

    def forward(self, x: Tensor) -> Tensor:
        """[batch, ...] -> the same shape."""
        seen = x * (torch.rand_like(x) >= self.noise) if self.training and self.noise else x
        rebuilt: Tensor = self.decoder(self.encoder(seen))
        return rebuilt.reshape(x.shape)
