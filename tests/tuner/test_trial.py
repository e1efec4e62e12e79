import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from search_spaces.dimensions import Fixed
from search_spaces.space import Space
from tracking import checkpoints
from tracking.goals import Constraint
from tracking.records import CheckpointRef, Objective, Report
from tuner import trial
from tuner.assignment import Assignment
from tuner.datasets import read_data
from tuner.errors import MetricError
from tuner.seeds import seed_of

OWN_CLOCK = ("seconds", "peak_memory_mb")

USERS_MODULE = '''
import lightning.pytorch as L
import torch

class Line(L.LightningModule):
    """Fits y = slope * x; its own loss, its own optimizer, its own metric."""

    def __init__(self, rate: float = 0.1):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))
        self.rate = rate

    def training_step(self, batch, batch_idx):
        return ((self.slope * batch[0] - batch[1]) ** 2).mean()

    def validation_step(self, batch, batch_idx):
        self.log("distance", (self.slope - 3).abs().item())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)


class TestedLine(Line):
    def test_step(self, batch, batch_idx):
        self.log("test/slope", self.slope.item())


class Points(L.LightningDataModule):
    def _loader(self):
        x = torch.tensor([1.0, 2.0])
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 3 * x), batch_size=2)

    train_dataloader = val_dataloader = _loader


class TestedPoints(Points):
    test_dataloader = Points._loader
'''


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


PLAIN: dict[str, Any] = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 16, "depth": 1, "activation": "relu", "dropout": 0.0}},
    "loss": "cross_entropy",
    "optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-4}},
    "lr_schedule": "constant",
    "augmentation": "none",
    "training": {"batch_size": 256},
}
DROPOUT = {"architecture": {"mlp": {"width": 16, "depth": 1, "activation": "relu", "dropout": 0.3}}}


def assignment(folder: Path, *, epochs: int = 2, seed: int = 5, raw: Any = None, **others: Any) -> Assignment:
    """A small network on digits; `raw` has the slots that differ."""
    settings = {"objective": Objective("val/loss", "min"), **others}
    return Assignment(0, defaults({**PLAIN, **(raw or {})}), seed, epochs, folder, **settings)


def defaults(raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The choices of a spec that searches nothing; what it leaves open is at its type's default."""
    found = {}
    for slot, (branch,) in Space.read(raw).slots.items():
        given = {name: it.value for name, it in branch.dimensions.items() if isinstance(it, Fixed)}
        found[slot] = branch.kind(**given).describe()
    return found


def run(it: Assignment, go_on: Callable[[Report], bool] = lambda report: True) -> list[Report]:
    reports: list[Report] = []

    def keep(report: Report) -> bool:
        reports.append(report)
        return go_on(report)

    trial.run(it, keep)
    return reports


def numbers(reports: list[Report]) -> list[tuple[int, dict[str, float]]]:
    """What must be the same in every run: all but the clocks."""
    return [(r.step, {name: v for name, v in r.metrics.items() if name not in OWN_CLOCK}) for r in reports]


def weights(checkpoint: CheckpointRef | None) -> list[Tensor]:
    assert checkpoint is not None
    return list(trial.load(checkpoint)["state_dict"].values())


def plain_torch(it: Assignment) -> list[dict[str, float]]:
    """The same training, without Lightning and without us but for the seeds."""
    data = read_data(it.choices["dataset"])
    torch.manual_seed(seed_of(it.seed, "weights"))
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    found = []
    for epoch in range(it.epochs):
        generator = torch.Generator().manual_seed(seed_of(it.seed, "order", epoch))
        outputs, labels = [], []
        for chosen in torch.randperm(len(data.train), generator=generator).split(256):
            output = network(data.train.x[chosen])
            optimizer.zero_grad()
            F.cross_entropy(output, data.train.y[chosen]).backward()
            optimizer.step()
            outputs.append(output.detach())
            labels.append(data.train.y[chosen])
        with torch.no_grad():
            judged = network(data.validation.x)
        found.append(
            {
                "train/loss": F.cross_entropy(torch.cat(outputs), torch.cat(labels)).item(),
                "val/loss": F.cross_entropy(judged, data.validation.y).item(),
                "train/accuracy": (torch.cat(outputs).argmax(1) == torch.cat(labels)).float().mean().item(),
                "val/accuracy": (judged.argmax(1) == data.validation.y).float().mean().item(),
                "lr": 0.1,
            }
        )
    return found


def test_a_trial_gives_the_numbers_of_plain_torch(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=3)
    reports = run(it)
    assert [report.step for report in reports] == [1, 2, 3]
    for report, expected in zip(reports, plain_torch(it), strict=True):
        assert {name: report.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)


def test_a_report_has_its_clock_its_memory_and_a_whole_checkpoint(tmp_path: Path) -> None:
    first, second = run(assignment(tmp_path))
    assert 0 < first.seconds < second.seconds
    assert second.metrics["seconds"] == second.seconds
    assert second.metrics["peak_memory_mb"] > 1
    assert second.checkpoint is not None
    assert second.checkpoint.step == 2
    assert checkpoints.whole(second.checkpoint)


def test_the_seed_decides_every_number(tmp_path: Path) -> None:
    first, same = (run(assignment(tmp_path / name, raw=DROPOUT)) for name in "ab")
    other = run(assignment(tmp_path / "c", raw=DROPOUT, seed=6))
    assert numbers(first) == numbers(same)
    assert all(map(torch.equal, weights(first[-1].checkpoint), weights(same[-1].checkpoint)))
    assert numbers(first)[0][1]["val/loss"] != numbers(other)[0][1]["val/loss"]


def test_a_trial_that_is_told_to_stop_stops(tmp_path: Path) -> None:
    reports = run(assignment(tmp_path, epochs=5), lambda report: report.step < 2)
    assert [report.step for report in reports] == [1, 2]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_trial_that_goes_on_gives_the_numbers_of_one_never_stopped(tmp_path: Path, stop: int) -> None:
    whole = run(assignment(tmp_path / "whole", epochs=4, raw=DROPOUT))
    it = assignment(tmp_path / "cut", epochs=4, raw=DROPOUT)
    run(it, lambda report: report.step < stop)
    torch.manual_seed(12345)  # another process, another state
    rest = run(it)
    # the newest checkpoint is reported once more; whoever has that step ignores it
    assert numbers(rest) == numbers(whole)[stop - 1 :]
    assert all(map(torch.equal, weights(rest[-1].checkpoint), weights(whole[-1].checkpoint)))
    assert rest[-1].seconds > rest[0].seconds > 0


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({"optimizer": "adamw"}, id="adamw"),
        pytest.param({"lr_schedule": {"cosine": {"warmup": 0.3}}}, id="cosine"),
        pytest.param({"lr_schedule": "step"}, id="step"),
        pytest.param({"lr_schedule": "one_cycle"}, id="one_cycle"),
        pytest.param({"lr_schedule": {"reduce_on_plateau": {"patience": 0, "warmup": 0.25}}}, id="plateau"),
        pytest.param({"augmentation": "noise"}, id="noise"),
        pytest.param({"training": {"batch_size": 256, "oversample": True}}, id="oversample"),
        pytest.param({"training": {"batch_size": 256, "average": 0.9}}, id="average"),
        pytest.param({"training": {"batch_size": 100, "accumulate": 3, "clip": 0.1, "l1": 1e-3}}, id="bounds"),
        pytest.param({"training": {"batch_size": 256, "precision": "bf16"}}, id="bf16"),
        pytest.param({"architecture": {"mlp": {"width": 16, "depth": 2, "norm": "batch"}}}, id="batch norm"),
    ],
)
def test_whatever_changes_training_goes_on_value_for_value(tmp_path: Path, raw: Any) -> None:
    whole = run(assignment(tmp_path / "whole", epochs=4, raw=raw))
    it = assignment(tmp_path / "cut", epochs=4, raw=raw)
    run(it, lambda report: report.step < 2)
    torch.manual_seed(12345)
    rest = run(it)
    assert numbers(rest) == numbers(whole)[1:]
    assert all(map(torch.equal, weights(rest[-1].checkpoint), weights(whole[-1].checkpoint)))


def test_patience_ends_a_trial_that_no_longer_gets_better(tmp_path: Path) -> None:
    # validation loss falls, so whoever wants much of it has its best in the first epoch
    raw = {"training": {"batch_size": 256, "patience": 2}}
    it = assignment(tmp_path, epochs=9, raw=raw, objective=Objective("val/loss", "max"))
    assert [report.step for report in run(it)] == [1, 2, 3]
    assert [report.step for report in run(it)] == [3]  # killed before it could say so, it still ends there


def test_a_trial_killed_between_its_checkpoint_and_its_report_makes_that_report(tmp_path: Path) -> None:
    def killed(report: Report) -> bool:
        if report.step == 2:
            raise KeyboardInterrupt
        return True

    whole = run(assignment(tmp_path / "whole", epochs=3))
    it = assignment(tmp_path / "cut", epochs=3)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(it, killed)
    assert numbers(run(it)) == numbers(whole)[1:]


def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=3, raw=DROPOUT)
    whole = run(it)
    newest = checkpoints.newest(tmp_path)
    assert newest is not None
    content = Path(newest.path).read_bytes()
    Path(newest.path).write_bytes(content[: len(content) // 2])
    assert numbers(run(it)) == numbers(whole)[1:]


def test_a_finished_trial_trains_no_more_and_a_longer_one_goes_on(tmp_path: Path) -> None:
    run(assignment(tmp_path, epochs=2))
    assert [report.step for report in run(assignment(tmp_path, epochs=2))] == [2]
    assert [report.step for report in run(assignment(tmp_path, epochs=3))] == [2, 3]
    whole = run(assignment(tmp_path / "whole", epochs=3))
    newest = checkpoints.newest(tmp_path)
    assert all(map(torch.equal, weights(newest), weights(whole[-1].checkpoint)))


def test_the_best_the_newest_and_the_one_before_it_are_kept(tmp_path: Path) -> None:
    # validation loss falls, so the first epoch is the best one for whoever wants much of it
    reports = run(assignment(tmp_path, epochs=5, objective=Objective("val/loss", "max")))
    losses = [report.metrics["val/loss"] for report in reports]
    assert losses == sorted(losses, reverse=True)
    assert [checkpoint.step for checkpoint in checkpoints.listed(tmp_path)] == [1, 4, 5]


def test_the_best_is_remembered_over_a_stop(tmp_path: Path) -> None:
    it = assignment(tmp_path, epochs=5, objective=Objective("val/loss", "max"))
    run(it, lambda report: report.step < 3)
    run(it)
    assert [checkpoint.step for checkpoint in checkpoints.listed(tmp_path)] == [1, 4, 5]


def test_an_objective_that_is_never_reported_says_what_is(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match=r"'val/f2' is not among the reported metrics: .*val/accuracy, "):
        run(assignment(tmp_path, objective=Objective("val/f2", "max")))


def test_the_test_part_is_judged_with_the_checkpoints_weights(tmp_path: Path) -> None:
    it = assignment(tmp_path)
    reports = run(it)
    assert reports[-1].checkpoint is not None
    found = trial.test(it, reports[-1].checkpoint).metrics
    data = read_data(it.choices["dataset"])
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    network.load_state_dict(dict(zip(network.state_dict(), weights(reports[-1].checkpoint), strict=True)))
    with torch.no_grad():
        outputs = network(data.test.x)
    assert found["test/loss"] == pytest.approx(F.cross_entropy(outputs, data.test.y).item(), abs=1e-6)
    assert found["test/accuracy"] == pytest.approx((outputs.argmax(1) == data.test.y).float().mean().item(), abs=1e-6)


def test_it_takes_the_threads_it_was_given(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    run(assignment(tmp_path, epochs=1, cpus=2))
    assert torch.get_num_threads() == 2


def test_an_assignment_survives_json(tmp_path: Path) -> None:
    it = assignment(tmp_path, import_paths=("/a", "/b"))
    assert Assignment.from_json(it.to_json()) == it


def test_another_folder_holds_another_trial(tmp_path: Path) -> None:
    first = run(assignment(tmp_path / "a", epochs=1))
    assert [report.step for report in run(assignment(tmp_path / "b", epochs=1))] == [1]
    assert len(first) == 1


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Assignment]:
    """An assignment of a user's own module and data, which only `import_paths` leads to."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "trial_users_line.py").write_text(USERS_MODULE)

    def make(line: str = "Line", points: str = "Points", epochs: int = 2) -> Assignment:
        choices = {
            "architecture": {"name": line, "module": f"trial_users_line:{line}", "rate": 0.1},
            "dataset": {"name": points, "module": f"trial_users_line:{points}"},
        }
        paths = (str(tmp_path / "lib"),)
        folder = tmp_path / f"{line}-{points}"
        return Assignment(0, choices, 0, epochs, folder, Objective("distance", "min"), import_paths=paths)

    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    return make


def test_a_users_own_module_trains_unmodified(users: Callable[..., Assignment]) -> None:
    # the loss's slope is mean(2 x (s x - 3 x)) = 5 (s - 3): each step of rate 0.1 halves the distance from 3
    assert [report.metrics["distance"] for report in run(users())] == pytest.approx([1.5, 0.75])


def test_a_users_own_module_goes_on(users: Callable[..., Assignment]) -> None:
    run(users(epochs=1))
    assert [report.metrics["distance"] for report in run(users(epochs=3))] == pytest.approx([1.5, 0.75, 0.375])


def test_a_module_or_data_without_a_test_has_no_test_value(users: Callable[..., Assignment]) -> None:
    for line, points in (("Line", "TestedPoints"), ("TestedLine", "Points")):
        it = users(line, points)
        last = run(it)[-1].checkpoint
        assert last is not None
        assert trial.test(it, last).metrics == {}
    it = users("TestedLine", "TestedPoints")
    last = run(it)[-1].checkpoint
    assert last is not None
    assert trial.test(it, last).metrics == {"test/slope": pytest.approx(2.25)}


def test_a_value_that_is_no_number_is_reported_as_it_is(tmp_path: Path) -> None:
    choices = dict(assignment(tmp_path).choices)
    it = replace(assignment(tmp_path), choices={**choices, "optimizer": {**choices["optimizer"], "lr": 1e30}})
    assert not math.isfinite(run(it, lambda report: math.isfinite(report.metrics["val/loss"]))[-1].metrics["val/loss"])


# --- what is measured of the network itself ---


def test_every_report_says_how_large_the_network_is(tmp_path: Path) -> None:
    # 64 x 16 + 16, 16 x 10 + 10; four bytes each
    for report in run(assignment(tmp_path)):
        assert (report.metrics["parameters"], report.metrics["size_mb"]) == (1210.0, 0.00484)
        assert {"latency_ms", "epoch_seconds"}.isdisjoint(report.metrics)


def test_what_is_asked_for_by_name_is_measured_and_disturbs_nothing(tmp_path: Path) -> None:
    plain = numbers(run(assignment(tmp_path / "plain", raw=DROPOUT)))
    asked = run(assignment(tmp_path / "asked", raw=DROPOUT, measured=("latency_ms", "epoch_seconds")))
    latencies = [report.metrics["latency_ms"] for report in asked]
    assert latencies[0] == latencies[1] > 0  # once a trial
    assert sum(report.metrics["epoch_seconds"] for report in asked) == pytest.approx(asked[-1].seconds)
    clocks = ("latency_ms", "epoch_seconds")
    assert [(step, {k: v for k, v in said.items() if k not in clocks}) for step, said in numbers(asked)] == plain


def test_a_later_turn_does_not_measure_anew(tmp_path: Path) -> None:
    it = assignment(tmp_path, measured=("latency_ms",))
    (first,) = run(replace(it, epochs=1))
    assert run(it)[-1].metrics["latency_ms"] == first.metrics["latency_ms"]


def test_a_constrained_size_is_said_before_the_first_epoch_and_only_then(tmp_path: Path) -> None:
    it = assignment(tmp_path, constraints=(Constraint("parameters", max=2000.0),))
    assert [report.step for report in run(it)] == [0, 1, 2]
    assert [report.step for report in run(replace(it, epochs=3))] == [2, 3]


def test_a_network_that_is_refused_for_its_size_is_not_trained(tmp_path: Path) -> None:
    it = assignment(tmp_path, constraints=(Constraint("size_mb", max=0.001),))
    (said,) = run(it, lambda report: False)
    assert (said.step, said.metrics, said.seconds) == (0, {"parameters": 1210.0, "size_mb": 0.00484}, 0.0)
    assert checkpoints.newest(tmp_path) is None


def test_the_checkpoint_that_stays_is_of_the_best_epoch_that_keeps_the_constraints(tmp_path: Path) -> None:
    # the training loss falls: the first epoch alone is above any later one's
    first = run(assignment(tmp_path / "free", epochs=4))
    limit = (first[0].metrics["train/loss"] + first[1].metrics["train/loss"]) / 2
    kept = run(assignment(tmp_path / "bound", epochs=4, constraints=(Constraint("train/loss", min=limit),)))
    assert [report.metrics["val/loss"] for report in kept] == [report.metrics["val/loss"] for report in first]
    there = {int(path.name[6:10]) for path in (tmp_path / "bound" / "checkpoints").glob("epoch-*.ckpt")}
    assert there == {1, 3, 4}


def test_a_further_objective_that_is_never_reported_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match="'val/f2' is not among the reported metrics"):
        run(assignment(tmp_path, further=(Objective("val/f2"),)))


def test_an_assignment_with_several_goals_comes_back_from_json(tmp_path: Path) -> None:
    further, constraints = (Objective("parameters", "min"),), (Constraint("latency_ms", max=5.0),)
    it = assignment(tmp_path, further=further, constraints=constraints, measured=("latency_ms",))
    assert Assignment.from_json(it.to_json()) == it
