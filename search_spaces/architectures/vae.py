"""A variational autoencoder."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field
from torch import Tensor, nn

from search_spaces.activations import activation
from search_spaces.choice import Architecture
from search_spaces.dimensions import Among, Between
from search_spaces.shape import Kind, Shape


class Vae(Architecture):
    """Variational autoencoder (Kingma and Welling, ICLR 2014): learns to draw new images, and a bound on their odds.

    Latent numbers are normally distributed; a pixel from 0 to 1 is the odds of a coin (Bernoulli). `beta` above 1
    weighs tidy latent numbers more than exact images (Higgins et al., ICLR 2017).
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)
    learning: ClassVar[str] = "autoencoder"

    latents: Annotated[int, Between(2, 64, log=True, shapes=True), Field(ge=1)] = 20
    """Numbers that describe an image."""
    hidden: Annotated[int, Between(100, 800, log=True, shapes=True), Field(ge=1)] = 400
    """Units of the encoder's hidden layer, and of the decoder's."""
    activation: Annotated[
        Literal["relu", "leaky_relu", "swish", "gelu", "tanh", "sigmoid"], Among("relu", "swish", "tanh")
    ] = "relu"
    """What follows a hidden layer."""
    beta: Annotated[float, Between(0.5, 4.0, log=True), Field(ge=0)] = 1.0
    """Weight of the divergence in the loss; with 1 the loss is the bound itself."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """Images with pixels from 0 to 1 in, their reconstructions out; `outputs` is of no concern."""
        pixels = math.prod(inputs)
        encoder = [nn.Flatten(), nn.Linear(pixels, self.hidden), activation(self.activation)]
        decoder = [nn.Linear(self.latents, self.hidden), activation(self.activation), nn.Linear(self.hidden, pixels)]
        return Variational(
            nn.Sequential(*encoder, nn.Linear(self.hidden, 2 * self.latents)),
            nn.Sequential(*decoder, nn.Unflatten(1, tuple(inputs))),
        )


class Variational(nn.Module):
    """Images to distributions of latent numbers, and back to distributions of images.

    Args:
        encoder: Images [batch, ...] to [batch, 2 latents].
        decoder: [batch, latents] to images [batch, ...], as logits.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of an image's latent numbers, [batch, latents] each."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance

    def decode(self, latents: Tensor) -> Tensor:
        """The logits of the pixels, [batch, ...]."""
        return cast(Tensor, self.decoder(latents))

    def forward(self, x: Tensor) -> Tensor:
        """The image that each image's mean latent numbers stand for, pixels from 0 to 1."""
        mean, _ = self.encode(x)
        return self.decode(mean).sigmoid()


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence from the standard normal distribution, in nats, [batch]; appendix B of the paper."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1)
