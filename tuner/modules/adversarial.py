"""Learning to draw images that pass for real ones: generative adversarial networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import lightning.pytorch as L
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.architectures.gan import Adversaries, Gan
from search_spaces.choice import Augmentation, Choice
from search_spaces.data import Data
from search_spaces.lr_schedules.constant import Constant
from search_spaces.training import Training
from tuner.modules.judge import LEAST_SHARE, Judge, Seen, class_shares, distance, judge_of, score
from tuner.modules.pixels import InNumbers, Pixels
from tuner.modules.supervised import Batch, Recipe, recipe_of

JUDGED = 1000
"""How many images are generated to be judged; always the same ones of the same weights."""

NAMES = ("discriminator_loss", "generator_loss", "discriminator_real", "discriminator_fake")
"""What is reported of training: two losses, and how likely the discriminator holds real and fake images to be real."""


def build(chosen: Mapping[str, Choice], data: Data) -> Adversarial:
    """The module that learns to draw this data's images; the choice of a loss is of no concern."""
    if data.task != "classification":
        raise ValueError(f"a gan is judged by a classifier, so the data must have classes; its task is {data.task}")
    gan, training, recipe = cast(Gan, chosen["architecture"]), cast(Training, chosen["training"]), recipe_of(chosen)
    _refuse(training, recipe)
    return Adversarial(
        cast(Adversaries, gan.build(data.inputs, data.outputs)),
        Pixels(data, bottom=-1.0),
        Contest(recipe, gan.discriminator_rate, gan.smoothing, training.clip),
        lambda: judge_of(data),
        cast(Augmentation, chosen["augmentation"]).build(data.words),
    )


@dataclass(frozen=True)
class Contest:
    """How generator and discriminator learn.

    Attributes:
        recipe: How the generator's weights are changed.
        discriminator_rate: The discriminator's learning rate, as a multiple of the generator's.
        smoothing: How far below 1 the target for real images is.
        clip: Largest norm of a step's gradient; 0 is off.
    """

    recipe: Recipe
    discriminator_rate: float = 1.0
    smoothing: float = 0.0
    clip: float = 0.0


class Adversarial(L.LightningModule):
    """Trains a discriminator to tell real images from generated ones, and a generator to make it fail.

    Losses are those of Goodfellow et al. (NIPS 2014), the generator's the one that does not saturate. How good the
    images are is told by a classifier of real ones.

    Args:
        network: The two of them.
        pixels: Between their pixels and the data's numbers.
        contest: How they learn.
        judge: Gives the classifier; called when it is first needed.
        augmentation: Changes real training images at random; a batch in, a batch out.
    """

    def __init__(
        self,
        network: Adversaries,
        pixels: Pixels,
        contest: Contest,
        judge: Callable[[], Judge],
        augmentation: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.pixels = pixels
        self.contest = contest
        self.judge = judge
        self.augmentation = augmentation
        self._steps: list[Tensor] = []
        self._real: list[Seen] = []
        self._labels: list[Tensor] = []

    def forward(self, latents: Tensor) -> Tensor:
        """Images in the data's numbers."""
        return self.pixels.back(self.network(latents))

    def exportable(self, data: Data) -> tuple[nn.Module, Tensor]:
        """What draws images in the data's numbers, and latent numbers for two of them."""
        return InNumbers(self.network.generator, self.pixels, images=False), self._latents()[:2]

    def configure_optimizers(self) -> Any:
        """Two optimizers of the same kind, the generator's first, each with its schedule."""
        recipe = self.contest.recipe
        rate = self.contest.discriminator_rate * recipe.optimizer.model_dump()["lr"]
        adversary = recipe.optimizer.model_copy(update={"lr": rate})
        optimizers = [
            recipe.optimizer.build(self.network.generator.parameters()),
            adversary.build(self.network.discriminator.parameters()),
        ]
        if recipe.schedule == Constant(warmup=0.0):
            return optimizers
        steps, epochs = int(self.trainer.estimated_stepping_batches), int(self.trainer.max_epochs or 1)
        return optimizers, [recipe.schedule.build(optimizer, steps, epochs) for optimizer in optimizers]

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """A step of the discriminator, then one of the generator."""
        x, _ = batch
        real = self.pixels(self.augmentation(x) if self.augmentation else x)
        of_generator, of_discriminator = cast(list[Any], self.optimizers())
        fake = self.network.generator(torch.randn(len(x), self.network.latents, device=self.device))
        judged = self._discriminate(of_discriminator, real, fake.detach())
        self._steps.append(torch.stack([judged[0], self._generate(of_generator, fake), *judged[1:]]))
        self._schedule()

    def on_train_epoch_end(self) -> None:
        """Report the means over the epoch's steps."""
        means, self._steps = torch.stack(self._steps).mean(0), []
        self.log_dict({f"train/{name}": mean for name, mean in zip(NAMES, means, strict=True)})

    def on_validation_epoch_start(self) -> None:
        """Generate what is judged: now, because averaged weights have left again when the epoch ends."""
        self._fake = self.judge().see(self(self._latents()))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep what the judge sees in real images, and what they are."""
        x, y = batch
        self._real.append(self.judge().see(x))
        self._labels.append(y)

    def on_validation_epoch_end(self) -> None:
        """Report how generated images compare to those of the validation part."""
        self._report("val")

    def on_test_epoch_start(self) -> None:
        """Generate what is judged."""
        self.on_validation_epoch_start()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep what the judge sees in real images."""
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        """Report how generated images compare to those of the test part."""
        self._report("test")

    def setup(self, stage: str) -> None:
        """Have the judge learn before any clock runs."""
        self.judge()

    def _discriminate(self, optimizer: Any, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One step; its loss, and how likely the discriminator held real and fake images to be real."""
        of_real, of_fake = self.network.discriminator(real), self.network.discriminator(fake)
        targets = torch.full_like(of_real, 1 - self.contest.smoothing)
        loss = F.binary_cross_entropy_with_logits(of_real, targets)
        loss = loss + F.binary_cross_entropy_with_logits(of_fake, torch.zeros_like(of_fake))
        self._step(optimizer, loss)
        return loss.detach(), of_real.detach().sigmoid().mean(), of_fake.detach().sigmoid().mean()

    def _generate(self, optimizer: Any, fake: Tensor) -> Tensor:
        """One step against the discriminator, whose weights stay as they are; its loss."""
        self.network.discriminator.requires_grad_(False)
        answers = self.network.discriminator(fake)
        loss = F.binary_cross_entropy_with_logits(answers, torch.ones_like(answers))
        self._step(optimizer, loss)
        self.network.discriminator.requires_grad_(True)
        return loss.detach()

    def _step(self, optimizer: Any, loss: Tensor) -> None:
        optimizer.zero_grad()
        self.manual_backward(loss)
        if self.contest.clip:
            self.clip_gradients(optimizer, self.contest.clip, "norm")
        optimizer.step()

    def _schedule(self) -> None:
        schedule = self.contest.recipe.schedule
        if schedule.interval == "step" or self.trainer.is_last_batch:
            for scheduler in cast(list[Any], self.lr_schedulers() or []):
                scheduler.step()

    def _latents(self) -> Tensor:
        generator = torch.Generator().manual_seed(0)  # drawn on the CPU, and so the same everywhere
        return torch.randn(JUDGED, self.network.latents, generator=generator).to(self.device)

    def _report(self, part: str) -> None:
        real = Seen(*(torch.cat(tensors) for tensors in zip(*self._real, strict=True)))
        right = real.shares.argmax(1) == torch.cat(self._labels)
        self._real, self._labels = [], []
        fake = self._fake
        classes = class_shares(fake.shares)
        found = {
            "score": score(fake.shares),
            "score_real": score(real.shares),
            "distance": distance(fake.features, real.features),
            "coverage": (classes >= LEAST_SHARE).sum().float(),
            "smallest_share": classes.min(),
            "judge_accuracy": right.float().mean(),
        }
        self.log_dict({f"{part}/{name}": value for name, value in found.items()})


def _refuse(training: Training, recipe: Recipe) -> None:
    """Say what the two-sided training cannot do, rather than pass over it."""
    unfit = {
        "training.accumulate": (training.accumulate, 1),
        "training.l1": (training.l1, 0.0),
        "training.precision": (training.precision, "32"),
    }
    for name, (given, only) in unfit.items():
        if given != only:
            raise ValueError(f"a gan trains with {name}={only} only, got {given}; remove this setting")
    if recipe.schedule.monitor:
        name, monitor = recipe.schedule.key(), recipe.schedule.monitor
        raise ValueError(f"a gan cannot use the lr_schedule {name}: it follows {monitor}, which a gan has none of")
