from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as L
import pytest
import torch
from torch.nn import functional as F

from search_spaces.choice import Choice
from search_spaces.datasets.digits import Digits
from search_spaces.dimensions import Fixed
from search_spaces.space import Space, realise
from tracking.records import Objective, Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.building import build_exportable
from tuner.datasets import read_data
from tuner.modules.autoencoder import Bounding, Reconstructing, build
from tuner.spec import DEFAULTS, SweepSpec

DATA = Digits().build()
ADAM = {"adam": {"lr": 1e-3, "weight_decay": 0.0}}
OWN_CLOCK = ("seconds", "peak_memory_mb")


@pytest.fixture(autouse=True)
def one_seed() -> None:
    torch.manual_seed(0)


def described(architecture: Any, **slots: Any) -> dict[str, dict[str, Any]]:
    """The choices of a spec that searches nothing; what it leaves open is at its type's default."""
    raw = {"dataset": "digits", **DEFAULTS, "optimizer": ADAM, "training": {}, "architecture": architecture, **slots}
    found = {}
    for slot, (branch,) in Space.read(raw).slots.items():
        given = {name: it.value for name, it in branch.dimensions.items() if isinstance(it, Fixed)}
        found[slot] = branch.kind(**given).describe()
    return found


def chosen(architecture: Any, **slots: Any) -> Mapping[str, Choice]:
    return {slot: realise(slot, choice) for slot, choice in described(architecture, **slots).items()}


def assignment(folder: Path, architecture: Any, epochs: int = 2, metric: str = "val/loss") -> Assignment:
    return Assignment(0, described(architecture), 5, epochs, folder, Objective(metric, "min"))


def run(it: Assignment, stop: int = 0) -> list[Report]:
    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return report.step != stop

    trial.run(it, keep)
    return reports


def numbers(report: Report) -> dict[str, float]:
    return {name: value for name, value in report.metrics.items() if name not in OWN_CLOCK}


def bounding(beta: float = 1.0) -> Bounding:
    module = build(chosen({"vae": {"beta": beta}}), DATA)
    assert isinstance(module, Bounding)
    return module


def test_the_bound_is_that_of_plain_torch() -> None:
    module, x = bounding(), DATA.validation.x[:50]
    found = module.double().measure(x.double(), torch.Generator().manual_seed(3))
    # equation 10 and appendix B of Kingma and Welling, with one draw
    low, high = DATA.train.x.aminmax()
    pixels = ((x.double() - low) / (high - low)).clamp(0, 1)
    mean, log_variance = module.network.encoder(pixels).chunk(2, 1)
    noise = torch.randn(50, 20, generator=torch.Generator().manual_seed(3))
    odds = module.network.decoder(mean + log_variance.exp().sqrt() * noise).sigmoid()
    likelihood = (pixels * odds.log() + (1 - pixels) * (1 - odds).log()).sum((1, 2, 3))
    kl = ((mean**2 + log_variance.exp() - log_variance - 1) / 2).sum(1)
    assert (found[:, 2] - (kl - likelihood)).abs().max() < 1e-6
    assert (found[:, 3] - kl).abs().max() < 1e-6
    assert (found[:, 1] - (odds - pixels).square().mean((1, 2, 3))).abs().max() < 1e-6


def test_beta_weighs_the_divergence_in_the_loss_but_not_in_the_bound() -> None:
    module = bounding(beta=4.0)
    loss, _, bound, kl = module.measure(DATA.validation.x[:5]).T
    torch.testing.assert_close(loss, bound + 3 * kl)


def test_an_autoencoder_is_measured_by_the_squared_error_of_its_reconstructions() -> None:
    module, x = build(chosen("autoencoder"), DATA).eval(), DATA.validation.x
    found = module.measure(x)
    assert found.mean(0).tolist() == pytest.approx([F.mse_loss(module(x), x).item()] * 2, abs=1e-6)


@pytest.mark.parametrize("architecture", ["autoencoder", "vae"])
def test_gradients_reach_every_weight(architecture: str) -> None:
    module = build(chosen(architecture), DATA)
    module.training_step((DATA.train.x[:64], DATA.train.y[:64]), 0).backward()
    for name, weights in module.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.any(), name


def test_pixels_are_those_before_normalisation_and_come_back() -> None:
    from sklearn.datasets import load_digits

    module = bounding()
    pixels = module.pixels(DATA.train.x)
    assert (pixels.min(), pixels.max()) == (0, 1)
    whole = torch.cat([module.pixels(part.x) for part in (DATA.train, DATA.validation, DATA.test)])
    assert whole.mean().item() == pytest.approx(load_digits().images.mean() / 16, abs=1e-6)
    torch.testing.assert_close(module.pixels.back(pixels), DATA.train.x)


@pytest.mark.parametrize(
    ("architecture", "names"),
    [("autoencoder", {"val/loss", "val/mse"}), ("vae", {"val/loss", "val/mse", "val/bound", "val/kl"})],
)
def test_it_learns_and_reports(tmp_path: Path, architecture: str, names: set[str]) -> None:
    first, _, last = run(assignment(tmp_path, architecture, epochs=3))
    assert {name for name in last.metrics if name.startswith("val/")} == names
    assert "train/loss" in last.metrics
    assert last.metrics["val/loss"] < first.metrics["val/loss"]
    assert last.checkpoint is not None
    assert trial.test(assignment(tmp_path, architecture), last.checkpoint).metrics.keys() == {
        name.replace("val", "test") for name in names
    }


@pytest.mark.parametrize("architecture", [{"autoencoder": {"noise": 0.3}}, "vae"])
def test_it_goes_on_as_if_never_stopped(tmp_path: Path, architecture: Any) -> None:
    whole = run(assignment(tmp_path / "whole", architecture, epochs=3))
    it = assignment(tmp_path / "cut", architecture, epochs=3)
    run(it, stop=1)
    torch.manual_seed(12345)  # another process, another state
    rest = run(it)
    assert [numbers(report) for report in rest] == [numbers(report) for report in whole]


def test_judging_is_repeatable_whatever_the_random_state(tmp_path: Path) -> None:
    module = bounding()
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, enable_checkpointing=False)
    batches = torch.utils.data.DataLoader([(DATA.test.x[i], DATA.test.y[i]) for i in range(64)], batch_size=32)
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(trainer.test(module, batches, verbose=False))
    assert found[0] == found[1]


@pytest.mark.parametrize("architecture", ["autoencoder", "vae"])
def test_what_is_exported_rebuilds_samples(tmp_path: Path, architecture: str) -> None:
    it = assignment(tmp_path, architecture, epochs=8)
    last = run(it)[-1]
    assert last.checkpoint is not None
    network, x = build_exportable(it, trial.load(last.checkpoint)["state_dict"])
    assert x.shape == (2, 1, 8, 8)
    samples = read_data(it.choices["dataset"]).test.x
    with torch.no_grad():
        rebuilt = network.eval()(samples)
    # nearer to the samples than their mean is, which is what a network that learned nothing would give
    assert F.mse_loss(rebuilt, samples) < 0.8 * F.mse_loss(samples.mean(0).expand_as(samples), samples)


def test_a_schedule_and_an_augmentation_can_be_used(tmp_path: Path) -> None:
    choices = described("vae", lr_schedule={"cosine": {}}, augmentation={"crop": {}})
    it = Assignment(0, choices, 5, 2, tmp_path, Objective("val/loss", "min"))
    assert run(it)[-1].metrics["lr"] < 1e-4


@pytest.mark.parametrize("recipe", ["vae_digits", "autoencoder_digits"])
def test_the_recipes_are_valid_and_their_objective_is_reported(tmp_path: Path, recipe: str) -> None:
    spec = SweepSpec.load(recipe)
    (branch,) = spec.space.slots["architecture"]
    metrics = run(assignment(tmp_path, branch.name, epochs=1))[-1].metrics
    assert spec.objective.metric in metrics


def test_reconstructing_is_what_both_are() -> None:
    assert all(isinstance(build(chosen(name), DATA), Reconstructing) for name in ("autoencoder", "vae"))
