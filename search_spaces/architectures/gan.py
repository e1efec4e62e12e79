"""A generative adversarial network."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, cast

from pydantic import Field
from torch import Tensor, nn

from search_spaces.choice import Architecture
from search_spaces.dimensions import Between
from search_spaces.layers.limits import require_side
from search_spaces.shape import Kind, Shape


class Gan(Architecture):
    """Deep convolutional GAN (Radford et al., ICLR 2016): a generator learns to draw what a discriminator lets pass.

    The paper trains with `adam: {lr: 0.0002, beta1: 0.5}` and latents 100.
    """

    fits: ClassVar[tuple[Kind, ...]] = ("image",)
    learning: ClassVar[str] = "adversarial"

    latents: Annotated[int, Between(16, 128, log=True, shapes=True), Field(ge=1)] = 64
    """Random numbers that an image is drawn from."""
    channels: Annotated[int, Between(16, 64, log=True, shapes=True), Field(ge=1)] = 32
    """Channels at half the image's size; each halving of the size doubles them, in both networks."""
    discriminator_rate: Annotated[float, Between(0.25, 4.0, log=True), Field(gt=0)] = 2.0
    """The discriminator's learning rate, as a multiple of the generator's (Heusel et al., NIPS 2017)."""
    smoothing: Annotated[float, Between(0.0, 0.2), Field(ge=0, lt=0.5)] = 0.1
    """How far below 1 the discriminator's target for real images is (Salimans et al., NIPS 2016)."""
    dropout: Annotated[float, Between(0.0, 0.5), Field(ge=0, lt=1)] = 0.0
    """Share of channels that are silenced after each of the discriminator's blocks in a training step."""

    def build(self, inputs: Shape, outputs: int) -> nn.Module:
        """A generator and a discriminator for images with pixels from -1 to 1; `outputs` is of no concern."""
        require_side(inputs, 2, "gan", "use larger images")
        wide = [self.channels * 2**block for block in range(_blocks(min(inputs[1:])))]
        network = Adversaries(self._generator(inputs, wide), self._discriminator(inputs, wide), self.latents)
        return network.apply(_initialise)

    def _generator(self, inputs: Shape, wide: list[int]) -> nn.Module:
        channels, height, width = inputs
        sides = [-(-side // 2 ** len(wide)) for side in (height, width)]  # rounded up: what is too much is cut off
        first = wide[-1] * 2
        layers: list[nn.Module] = [nn.Linear(self.latents, first * sides[0] * sides[1], bias=False)]
        layers += [nn.Unflatten(1, (first, *sides)), nn.BatchNorm2d(first), nn.ReLU()]
        for many, fewer in pairwise([first, *wide[::-1]]):
            layers += [nn.ConvTranspose2d(many, fewer, 4, 2, 1, bias=False), nn.BatchNorm2d(fewer), nn.ReLU()]
        return nn.Sequential(*layers, nn.Conv2d(wide[0], channels, 3, padding=1), nn.Tanh(), Cut(height, width))

    def _discriminator(self, inputs: Shape, wide: list[int]) -> nn.Module:
        channels, height, width = inputs
        first = wide[0] // 2 or 1
        layers: list[nn.Module] = [nn.Conv2d(channels, first, 3, padding=1), nn.LeakyReLU(0.2)]
        for few, more in pairwise([first, *wide]):
            layers += [nn.Conv2d(few, more, 4, 2, 1, bias=False), nn.BatchNorm2d(more), nn.LeakyReLU(0.2)]
            layers += [nn.Dropout2d(self.dropout)]
        left = (height >> len(wide)) * (width >> len(wide))
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(wide[-1] * left, 1), nn.Flatten(0))


class Adversaries(nn.Module):
    """A generator and its discriminator; called, it generates.

    Args:
        generator: Latent numbers [batch, latents] to images [batch, channels, height, width], pixels from -1 to 1.
        discriminator: Images to one logit each, [batch]: above 0 means real.
        latents: How many numbers the generator takes.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, latents: int) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latents = latents

    def forward(self, latents: Tensor) -> Tensor:
        """[batch, latents] -> [batch, channels, height, width]."""
        return cast(Tensor, self.generator(latents))


class Cut(nn.Module):
    """The upper left part of an image.

    Args:
        height: Rows to keep.
        width: Columns to keep.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, more, more] -> [batch, channels, height, width]."""
        return x[..., : self.height, : self.width]


def _blocks(side: int) -> int:
    """How often a side is halved until it is 4 to 7 pixels long; at least once."""
    return max(1, side.bit_length() - 3)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
