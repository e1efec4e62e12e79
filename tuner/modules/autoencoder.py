"""Learning to rebuild samples from a few numbers: autoencoders, plain, denoising and variational."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.architectures.vae import Vae, Variational, divergence
from search_spaces.choice import Architecture, Augmentation, Choice
from search_spaces.data import Data
from tuner.modules.pixels import InNumbers, Pixels
from tuner.modules.supervised import Batch, Recipe, Supervised, recipe_of


def build(chosen: Mapping[str, Choice], data: Data) -> Reconstructing:
    """The module that learns to rebuild this data's samples; the choice of a loss is of no concern."""
    architecture = cast(Architecture, chosen["architecture"])
    network = architecture.build(data.inputs, data.outputs)
    augmentation = cast(Augmentation, chosen["augmentation"]).build(data.words)
    if isinstance(architecture, Vae):
        pixels = Pixels(data, bottom=0.0)
        return Bounding(cast(Variational, network), pixels, architecture.beta, recipe_of(chosen), augmentation)
    return Reconstructing(network, recipe_of(chosen), augmentation)


class Reconstructing(Supervised):
    """Supervised learning whose targets are the samples; it reports the mean squared error of their numbers.

    Args:
        network: Samples [batch, ...] in, their reconstructions in the same shape out.
        recipe: How the weights are changed.
        augmentation: Changes training samples at random; a batch in, a batch out.
    """

    names: ClassVar[tuple[str, ...]] = ("loss", "mse")
    """What `measure` finds; training makes the first one small."""

    def __init__(self, network: nn.Module, recipe: Recipe, augmentation: nn.Module | None = None) -> None:
        super().__init__(network, nn.MSELoss(), recipe, augmentation=augmentation)

    def measure(self, x: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """Each of `names` for each sample, [batch, names].

        Args:
            x: Samples.
            noise: Where random numbers come from, if any are needed.
        """
        mse = (self.network(x) - x).square().flatten(1).mean(1)
        return torch.stack([mse, mse], 1)

    def exportable(self, data: Data) -> tuple[nn.Module, Tensor]:
        """What rebuilds samples, and two of them."""
        return self.network, data.test.x[:2]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        x, y = batch
        found = self.measure(self.augmentation(x) if self.augmentation else x)
        self._seen.append((found.detach(), y))
        loss = found[:, 0].mean()
        return loss + self.recipe.l1 * self._size_of_weights() if self.recipe.l1 else loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep what a batch measures; the same weights always give the same numbers."""
        x, y = batch
        self._seen.append((self.measure(x, torch.Generator().manual_seed(batch_idx)), y))

    def _report(self, part: str, measure: Any) -> None:
        means = torch.cat([found for found, _ in self._seen]).mean(0)
        self._seen = []
        self.log_dict({f"{part}/{name}": mean for name, mean in zip(self.names, means, strict=True)})


class Bounding(Reconstructing):
    """Makes a bound on the images' negative log-likelihood small (Kingma and Welling, ICLR 2014), in nats an image.

    The bound is the binary cross-entropy of the pixels plus the divergence of the latent numbers, from one draw of
    them; the loss is the same with `beta` times the divergence.

    Args:
        network: Takes and gives pixels from 0 to 1.
        pixels: Between those and the data's numbers.
        beta: Weight of the divergence.
        recipe: How the weights are changed.
        augmentation: Changes training samples at random; a batch in, a batch out.
    """

    names: ClassVar[tuple[str, ...]] = ("loss", "mse", "bound", "kl")

    def __init__(
        self, network: Variational, pixels: Pixels, beta: float, recipe: Recipe, augmentation: nn.Module | None = None
    ) -> None:
        super().__init__(network, recipe, augmentation)
        self.pixels = pixels
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        """The images' reconstructions, in the data's numbers."""
        return self.pixels.back(self.network(self.pixels(x)))

    def measure(self, x: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """Loss, squared error of a pixel, bound and divergence of each image, [batch, 4]."""
        network, pixels = cast(Variational, self.network), self.pixels(x)
        mean, log_variance = network.encode(pixels)
        logits = network.decode(mean + (0.5 * log_variance).exp() * _normal(mean, noise))
        rebuilding = F.binary_cross_entropy_with_logits(logits, pixels, reduction="none").flatten(1).sum(1)
        kl = divergence(mean, log_variance)
        mse = (logits.detach().sigmoid() - pixels).square().flatten(1).mean(1)
        return torch.stack([rebuilding + self.beta * kl, mse, rebuilding + kl, kl], 1)

    def exportable(self, data: Data) -> tuple[nn.Module, Tensor]:
        """What rebuilds images in the data's numbers, and two of them."""
        return InNumbers(self.network, self.pixels, images=True), data.test.x[:2]


def _normal(like: Tensor, noise: torch.Generator | None) -> Tensor:
    """Normally distributed numbers; those of a generator are drawn on the CPU, and so are the same everywhere."""
    return torch.randn_like(like) if noise is None else torch.randn(like.shape, generator=noise).to(like)
