import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from search_spaces.data import Data, Part
from search_spaces.datasets.digits import Digits
from search_spaces.dimensions import Fixed
from search_spaces.space import Space, realise
from tracking.records import Objective, Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.building import build_exportable
from tuner.modules import adversarial, judge
from tuner.modules.adversarial import Adversarial
from tuner.spec import DEFAULTS, SweepSpec

DATA = Digits().build()
ADAM = {"adam": {"lr": 1e-3, "beta1": 0.5, "weight_decay": 0.0}}
OWN_CLOCK = ("seconds", "peak_memory_mb")
TRAINING = {f"train/{name}" for name in adversarial.NAMES}
JUDGED = {f"val/{name}" for name in ("score", "score_real", "distance", "coverage", "smallest_share", "judge_accuracy")}


@pytest.fixture(autouse=True)
def one_seed() -> None:
    torch.manual_seed(0)


def described(gan: Any = "gan", **slots: Any) -> dict[str, dict[str, Any]]:
    """The choices of a spec that searches nothing; what it leaves open is at its type's default."""
    raw = {"dataset": "digits", **DEFAULTS, "optimizer": ADAM, "training": {}, "architecture": gan, **slots}
    found = {}
    for slot, (branch,) in Space.read(raw).slots.items():
        given = {name: it.value for name, it in branch.dimensions.items() if isinstance(it, Fixed)}
        found[slot] = branch.kind(**given).describe()
    return found


def module(**slots: Any) -> Adversarial:
    choices = described(**slots)
    return adversarial.build({slot: realise(slot, choice) for slot, choice in choices.items()}, DATA)


def assignment(folder: Path, epochs: int = 2, **slots: Any) -> Assignment:
    small = {"gan": {"channels": 8, "dropout": 0.2, "discriminator_rate": 1.0, **slots.pop("gan", {})}}
    return Assignment(0, described(small, **slots), 5, epochs, folder, Objective("val/distance", "min"))


def run(it: Assignment, stop: int = 0) -> list[Report]:
    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return report.step != stop

    trial.run(it, keep)
    return reports


def numbers(report: Report) -> dict[str, float]:
    return {name: value for name, value in report.metrics.items() if name not in OWN_CLOCK}


def state(report: Report) -> dict[str, Any]:
    assert report.checkpoint is not None
    return trial.load(report.checkpoint)


def tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


@pytest.mark.slow
def test_it_reports_both_sides_of_training_and_what_the_judge_says(tmp_path: Path) -> None:
    first, *_, last = run(assignment(tmp_path, epochs=4, gan={"dropout": 0.0}))
    assert {name for name in last.metrics if "/" in name} == TRAINING | JUDGED
    assert last.metrics["val/distance"] < first.metrics["val/distance"]
    assert last.metrics["val/judge_accuracy"] > 0.9
    assert last.metrics["val/score_real"] > 9  # of at most 10: digits are clear, and all classes equally many
    assert last.checkpoint is not None
    tested = trial.test(assignment(tmp_path), last.checkpoint).metrics
    assert tested["test/score"] == pytest.approx(last.metrics["val/score"])
    assert tested["test/distance"] != last.metrics["val/distance"]


@pytest.mark.parametrize("stop", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_it_goes_on_as_if_never_stopped(tmp_path: Path, stop: int) -> None:
    slots = {"lr_schedule": {"cosine": {}}}
    whole = run(assignment(tmp_path / "whole", epochs=3, **slots))
    it = assignment(tmp_path / "cut", epochs=3, **slots)
    run(it, stop)
    torch.manual_seed(12345)  # another process, another state
    rest = run(it)
    assert [numbers(report) for report in rest] == [numbers(report) for report in whole[stop - 1 :]]
    for part in ("state_dict", "optimizer_states"):
        ours, theirs = tensors(state(rest[-1])[part]), tensors(state(whole[-1])[part])
        assert len(ours) == len(theirs) > 0
        assert all(map(torch.equal, ours, theirs)), part


@pytest.mark.slow
def test_a_judge_that_learns_in_between_changes_no_number(tmp_path: Path) -> None:
    with_judge = run(assignment(tmp_path / "a", epochs=1))
    judge._JUDGES.clear()
    without = run(assignment(tmp_path / "b", epochs=1))
    assert numbers(with_judge[0]) == numbers(without[0])


def test_averaged_weights_are_what_is_judged(tmp_path: Path) -> None:
    plain, averaged = (
        run(assignment(tmp_path / str(decay), training={"average": decay}))[-1].metrics for decay in (0.0, 0.99)
    )
    assert averaged["train/generator_loss"] == plain["train/generator_loss"]
    assert averaged["val/distance"] != plain["val/distance"]


def test_each_side_is_trained_by_its_own_optimizer_at_its_own_rate(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=1, gan={"discriminator_rate": 0.5})
    (report,) = run(it)
    generator, discriminator = (each["param_groups"][0] for each in state(report)["optimizer_states"])
    assert (generator["lr"], discriminator["lr"]) == (1e-3, 0.5e-3)
    assert generator["betas"] == discriminator["betas"] == (0.5, 0.999)
    assert report.metrics["lr"] == 1e-3


def test_the_schedule_moves_both_rates(tmp_path: Path) -> None:
    for schedule in ("cosine", "step"):
        it = assignment(tmp_path / schedule, epochs=2, lr_schedule={schedule: {"warmup": 0.0}})
        last = state(run(it)[-1])
        rates = [each["param_groups"][0]["lr"] for each in last["optimizer_states"]]
        assert rates[0] == rates[1] < 1e-3


class Plain:
    """An optimizer that remembers the gradients it was given, by parameter, and changes nothing."""

    def __init__(self, side: nn.Module) -> None:
        self.side = side
        self.seen: dict[str, torch.Tensor] = {}

    def zero_grad(self) -> None:
        self.side.zero_grad()

    def step(self) -> None:
        self.seen = {name: it.grad.clone() for name, it in self.side.named_parameters() if it.grad is not None}


def test_gradients_reach_every_weight_of_the_side_that_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    made = module()
    monkeypatch.setattr(made, "manual_backward", lambda loss: loss.backward())
    sides = [Plain(made.network.generator), Plain(made.network.discriminator)]
    fake = made.network.generator(torch.randn(32, 64))
    made._discriminate(sides[1], made.pixels(DATA.train.x[:32]), fake.detach())
    assert not any(it.grad is not None for it in made.network.generator.parameters())
    before = dict(sides[1].seen)
    made._generate(sides[0], fake)
    for side in sides:
        assert set(side.seen) == {name for name, _ in side.side.named_parameters()}
        assert all(gradient.any() for gradient in side.seen.values())
    after = {name: it.grad for name, it in made.network.discriminator.named_parameters()}
    assert all(torch.equal(before[name], after[name]) for name in before)  # the generator's step added nothing
    assert all(it.requires_grad for it in made.network.parameters())


def test_losses_are_those_of_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Goodfellow et al.: log D(x) + log(1 - D(G(z))) to be made large, log D(G(z)) for the generator; with
    # one-sided smoothing (Salimans et al.) the first term is 0.9 log D(x) + 0.1 log(1 - D(x))
    made = module(gan={"gan": {"smoothing": 0.1}}).eval()
    monkeypatch.setattr(made, "manual_backward", lambda loss: None)
    idle = Plain(made.network)
    real, fake = made.pixels(DATA.train.x[:16]), made.network(torch.randn(16, 64))
    of_real, of_fake = (made.network.discriminator(x).sigmoid() for x in (real, fake))
    loss, seen_real, seen_fake = made._discriminate(idle, real, fake)
    expected = -(0.9 * of_real.log() + 0.1 * (1 - of_real).log()).mean() - (1 - of_fake).log().mean()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(made._generate(idle, fake), -of_fake.log().mean().detach())
    assert (seen_real.item(), seen_fake.item()) == pytest.approx((of_real.mean().item(), of_fake.mean().item()))


def test_the_judge_knows_digits_and_learns_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_rng_state()
    first = judge.judge_of(DATA)
    assert torch.equal(torch.get_rng_state(), before)
    monkeypatch.setattr(judge, "_learned", None)
    assert judge.judge_of(DATA) is first
    seen = first.see(DATA.test.x)
    assert (seen.shares.argmax(1) == DATA.test.y).float().mean() > 0.9


def test_the_judge_prefers_real_images_to_noise() -> None:
    seen, real, noise = (judge.judge_of(DATA).see(x) for x in (DATA.train.x, DATA.test.x, torch.randn(270, 1, 8, 8)))
    assert judge.distance(seen.features, real.features) < 0.1 * judge.distance(seen.features, noise.features)
    assert judge.score(real.shares) > judge.score(noise.shares)


def test_the_score_is_1_for_images_all_alike_and_the_number_of_classes_at_best() -> None:
    assert judge.score(torch.eye(5).repeat(4, 1)).item() == pytest.approx(5)
    assert judge.score(torch.eye(5)[[2] * 20]).item() == pytest.approx(1)
    assert judge.score(torch.full((20, 5), 0.2)).item() == pytest.approx(1)


def test_the_distance_is_that_of_normal_distributions() -> None:
    features = torch.randn(4000, 3, dtype=torch.float64)
    assert judge.distance(features, features).item() == pytest.approx(0, abs=1e-6)
    # moved by m and stretched by s: |m|^2 + (s - 1)^2 times the sum of the variances
    moved = (features - features.mean(0)) * 3 + features.mean(0) + torch.tensor([1.0, 2.0, 2.0])
    expected = 9 + 4 * features.var(0).sum().item()
    assert judge.distance(features, moved).item() == pytest.approx(expected, rel=1e-5)
    assert judge.distance(moved, features).item() == pytest.approx(expected, rel=1e-5)


def test_the_distance_of_features_that_are_no_numbers_is_none() -> None:
    features = torch.randn(20, 3)
    assert math.isnan(judge.distance(features * math.nan, features))


def test_class_shares_count_classes_that_never_occur() -> None:
    assert judge.class_shares(torch.eye(4)[[0, 0, 0, 2]]).tolist() == [0.75, 0, 0.25, 0]


def test_what_is_exported_draws_images_in_the_datas_numbers(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=1)
    network, latents = build_exportable(it, state(run(it)[-1])["state_dict"])
    assert latents.shape == (2, 64)
    images = network.eval()(latents)
    assert images.shape == (2, 1, 8, 8)
    assert DATA.train.x.min() - 1e-4 <= images.min() < images.max() <= DATA.train.x.max() + 1e-4


def test_settings_that_it_cannot_follow_are_refused() -> None:
    with pytest.raises(ValueError, match=r"training\.accumulate=1 only, got 2"):
        module(training={"accumulate": 2})
    with pytest.raises(ValueError, match="cannot use the lr_schedule reduce_on_plateau: it follows val/loss"):
        module(lr_schedule="reduce_on_plateau")


def test_data_without_classes_is_refused() -> None:
    part = Part(torch.randn(4, 1, 8, 8), torch.randn(4))
    chosen = {slot: realise(slot, choice) for slot, choice in described().items()}
    with pytest.raises(ValueError, match="its task is regression"):
        adversarial.build(chosen, Data(part, part, part, "regression"))


def test_gradients_are_clipped_on_both_sides(tmp_path: Path) -> None:
    # plain gradient descent of rate 1 moves the weights by the clipped gradients: at most 20 steps of 1e-3
    plain = {"sgd": {"lr": 1.0, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}}
    slots = {"optimizer": plain, "training": {"clip": 1e-3, "batch_size": 64}}
    first, second = (run(assignment(tmp_path, epochs=epochs, **slots)) for epochs in (1, 2))
    before, after = (state(reports[-1])["state_dict"] for reports in (first, second))
    for side in ("generator", "discriminator"):
        names = [name for name in before if f".{side}." in name and name.rsplit(".", 1)[-1] in ("weight", "bias")]
        moved = math.sqrt(sum((after[name] - before[name]).square().sum().item() for name in names))
        assert 0 < moved <= 20 * 1e-3 * 1.01


def test_the_recipe_is_valid_and_its_objective_is_reported() -> None:
    assert SweepSpec.load("gan_digits").objective.metric in JUDGED
