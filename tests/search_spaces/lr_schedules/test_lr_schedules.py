"""Learning-rate schedules against rates worked out by hand."""

import math

import lightning.pytorch as L
import pytest
import torch
from lightning.pytorch.callbacks import Checkpoint
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from search_spaces import plugins
from search_spaces.lr_schedules.constant import Constant
from search_spaces.lr_schedules.cosine import Cosine
from search_spaces.lr_schedules.exponential import Exponential
from search_spaces.lr_schedules.one_cycle import OneCycle
from search_spaces.lr_schedules.reduce_on_plateau import ReduceOnPlateau
from search_spaces.lr_schedules.step import Step

NAMES = plugins.names("search_spaces.lr_schedules")
LOSSES = [1.0, 0.8, 0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7]


def optimizer(lr=1.0):
    weight = nn.Parameter(torch.zeros(1))
    weight.grad = torch.zeros(1)
    return torch.optim.SGD([weight], lr=lr, momentum=0.9)


def advance(scheduler, built, loss=None):
    built.step()
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(loss)
    else:
        scheduler.step()
    return built.param_groups[0]["lr"]


def rates(schedule, steps, epochs=1, lr=1.0):
    built = optimizer(lr)
    scheduler = schedule.build(built, steps, epochs)
    return [built.param_groups[0]["lr"], *(advance(scheduler, built) for _ in range(steps - 1))]


def plateau_rates(schedule, losses, epochs=10, lr=1.0):
    built = optimizer(lr)
    scheduler = schedule.build(built, 100, epochs)
    return [built.param_groups[0]["lr"], *(advance(scheduler, built, loss) for loss in losses)]


def test_constant_stays():
    assert rates(Constant(), 4, lr=0.3) == [0.3] * 4


def test_warm_up_rises_evenly_to_the_full_rate():
    # 30 % of ten steps: a quarter, a half, three quarters, then all of it.
    assert rates(Constant(warmup=0.3), 10) == pytest.approx([0.25, 0.5, 0.75] + [1.0] * 7)


def test_steps_are_spread_evenly():
    assert rates(Step(cuts=2, gamma=0.1), 6) == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert rates(Step(cuts=1, gamma=0.5), 5) == pytest.approx([1, 1, 1, 0.5, 0.5])


@pytest.mark.parametrize("cuts", [1, 2, 3, 4])
def test_every_cut_comes_on_time(cuts):
    for each in (1, 3, 7, 11, 99):
        expected = [0.5**part for part in range(cuts + 1) for _ in range(each)]
        assert rates(Step(cuts=cuts, gamma=0.5), each * (cuts + 1)) == expected


def test_steps_after_a_warm_up_are_spread_over_what_is_left():
    assert rates(Step(cuts=1, gamma=0.1, warmup=0.2), 10) == pytest.approx([1 / 3, 2 / 3] + [1.0] * 4 + [0.1] * 4)


def test_exponential_falls_by_the_same_share():
    # A hundredth after four steps: each takes 1 / sqrt(10).
    assert rates(Exponential(final=0.01), 4) == pytest.approx([10 ** (-step / 2) for step in range(4)])


def test_cosine_by_hand():
    # cos 0, cos 60, cos 120 degrees.
    assert rates(Cosine(), 3, lr=2.0) == pytest.approx([2.0, 1.5, 0.5])
    assert rates(Cosine(final=0.2), 3) == pytest.approx([1, 0.2 + 0.8 * 0.75, 0.2 + 0.8 * 0.25])


def test_cosine_is_torchs():
    built = optimizer()
    scheduler = CosineAnnealingLR(built, T_max=20, eta_min=0.1)

    expected = [1.0, *(advance(scheduler, built) for _ in range(19))]

    assert rates(Cosine(final=0.1), 20) == pytest.approx(expected)


def test_one_cycle_by_hand():
    # Eight steps, four up and four down: half-way up is 0.2 + 0.8 / 2, half-way down 1 / 2.
    found = rates(OneCycle(rise=0.5, start=0.2, final=0.0), 8)

    assert found[0] == pytest.approx(0.2)
    assert found[2] == pytest.approx(0.6)
    assert found[4] == pytest.approx(1.0)
    assert found[6] == pytest.approx(0.5)
    assert found[7] == pytest.approx((1 - math.cos(math.pi / 4)) / 2)


def test_one_cycle_is_torchs():
    # torch peaks in step pct_start * total - 1 and ends in step total - 1; ours in steps 0.3 * 20 and 20.
    built = optimizer()
    shape = {"pct_start": 7 / 21, "div_factor": 25, "final_div_factor": 1e4}
    scheduler = OneCycleLR(built, 1.0, total_steps=21, cycle_momentum=False, **shape)
    expected = [built.param_groups[0]["lr"], *(advance(scheduler, built) for _ in range(19))]

    assert rates(OneCycle(rise=0.3, start=1 / 25, final=1 / 25 / 1e4), 20) == pytest.approx(expected)


def test_plateau_cuts_after_its_patience():
    # The best, 0.8, comes second; two epochs without progress are let pass, the third cuts. Then 0.7 is progress.
    found = plateau_rates(ReduceOnPlateau(patience=2, gamma=0.5), LOSSES)

    assert found == [1.0] * 5 + [0.5] * 5 + [0.25] * 3


def test_plateau_counts_once_it_is_warm():
    # 20 % of ten epochs: a third, two thirds; only from the third epoch's loss on is there anything to compare.
    found = plateau_rates(ReduceOnPlateau(patience=1, gamma=0.1, warmup=0.2), [0.1, 0.1, 0.9, 0.8, 0.8, 0.8])

    assert found == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, 0.1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("warmup", [0.0, 0.3])
def test_a_schedule_goes_on_from_its_checkpoint(name, warmup, tmp_path):
    schedule = plugins.find("search_spaces.lr_schedules", name)(warmup=warmup)
    built = optimizer(0.4)
    scheduler = schedule.build(built, 12, 12)
    for loss in LOSSES[:7]:
        advance(scheduler, built, loss)
    torch.save((built.state_dict(), scheduler.state_dict()), tmp_path / "state")
    expected = [advance(scheduler, built, loss) for loss in LOSSES[7:]]

    again = optimizer(0.4)
    resumed = schedule.build(again, 12, 12)
    for it, state in zip((again, resumed), torch.load(tmp_path / "state", weights_only=True), strict=True):
        it.load_state_dict(state)

    assert [advance(resumed, again, loss) for loss in LOSSES[7:]] == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_schedule_keeps_to_the_rates_between_nothing_and_the_optimizers(name):
    schedule = plugins.find("search_spaces.lr_schedules", name)(warmup=0.2)
    built = optimizer(0.5)
    scheduler = schedule.build(built, 30, 30)

    assert isinstance(scheduler, LRScheduler)
    assert isinstance(scheduler, ReduceLROnPlateau) == (schedule.monitor is not None)
    found = [built.param_groups[0]["lr"], *(advance(scheduler, built, 1.0) for _ in range(40))]
    assert all(0 <= rate <= 0.5 for rate in found)
    assert found[0] > 0


def test_the_shortest_training_has_a_rate():
    for name in NAMES:
        schedule = plugins.find("search_spaces.lr_schedules", name)()
        built = optimizer()
        schedule.build(built, 1, 1)
        assert 0 < built.param_groups[0]["lr"] <= 1


class Module(L.LightningModule):
    """Configures a schedule the way the class attributes ask for; its validation loss never falls."""

    def __init__(self, schedule):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        self.schedule = schedule
        self.rates = []

    def training_step(self, batch, batch_idx):
        self.rates.append(self.optimizers().param_groups[0]["lr"])
        return self.layer(batch[0]).mean()

    def validation_step(self, batch, batch_idx):
        self.log("val/loss", torch.tensor(1.0))

    def configure_optimizers(self):
        built = torch.optim.SGD(self.parameters(), lr=1.0)
        steps, epochs = int(self.trainer.estimated_stepping_batches), self.trainer.max_epochs
        # Lightning steps schedules of an epoch after the last callback, too late for the checkpoint of that epoch.
        every = 1 if self.schedule.interval == "step" else steps // epochs
        settings = {"interval": "step", "frequency": every, "monitor": self.schedule.monitor}
        return {
            "optimizer": built,
            "lr_scheduler": {"scheduler": self.schedule.build(built, steps, epochs), **settings},
        }


class Keep(Checkpoint):
    def __init__(self, path, stop_after):
        self.path, self.stop_after = path, stop_after

    def on_train_epoch_end(self, trainer, pl_module):
        if trainer.current_epoch + 1 == self.stop_after:
            trainer.save_checkpoint(self.path)
            trainer.should_stop = True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_lightning_resumes_a_schedule_value_for_value(name, tmp_path):
    def fit(stop_after, start=None):
        module = Module(plugins.find("search_spaces.lr_schedules", name)(warmup=0.2))
        trainer = L.Trainer(
            max_epochs=6, logger=False, enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
            num_sanity_val_steps=0, callbacks=[Keep(tmp_path / "kept.ckpt", stop_after)],
            default_root_dir=tmp_path,
        )  # fmt: skip
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(6, 2)), batch_size=2)
        trainer.fit(module, loader, loader, ckpt_path=start, weights_only=True)
        return module.rates

    whole = fit(stop_after=None)
    resumed = fit(stop_after=4) + fit(stop_after=None, start=tmp_path / "kept.ckpt")

    assert len(whole) == 18
    assert resumed == whole
