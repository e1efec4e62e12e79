from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from quality import field
from quality.play import Game
from quality.tasks import Task

HERE = [name for name in field.peers() if field.python_of(name) is None and name != "ray_optuna_asha"]


class Mixed:
    """Every kind of hyperparameter, a condition, and two levels; best at the middle of everything."""

    R, maximize, ref = 2, False, {"best": 0.0, "q50": 1.0}
    space: ClassVar = {
        "rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "units": {"type": "int", "low": 1, "high": 64, "log": True},
        "batch": {"type": "ord", "choices": [8, 16, 32]},
        "kind": {"type": "cat", "choices": ["flat", "deep"]},
        "depth": {"type": "int", "low": 2, "high": 9, "log": False, "when": [("kind", ["deep"])]},
    }

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def sample(self, rng: Any, n: int = 1) -> list[dict[str, Any]]:
        return [{"rate": 0.01, "units": 8, "batch": 16, "kind": "flat"} for _ in range(n)]

    def curve(self, config: dict[str, Any]) -> list[float]:
        self.seen.append(config)
        return [config["rate"], config["rate"] / 2]

    def cost(self, config: dict[str, Any]) -> list[float]:
        return [1.0, 2.0]


@pytest.mark.parametrize("name", [name for name in HERE if name not in ("dyhpo", "optuna_gp")])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_method_stays_in_the_space_and_spends_its_budget(name: str, workers: int):
    recorded = Mixed()
    entrant = field.find(name)
    assert isinstance(entrant, field.Peer)
    played = entrant.play(Task("mixed", recorded), 0, workers, 6)
    assert played.trials >= 6
    for config in recorded.seen:
        assert 1e-4 <= config["rate"] <= 1
        assert config["batch"] in (8, 16, 32)
        assert ("depth" in config) == (config["kind"] == "deep") or config["kind"] == "flat"


@pytest.mark.parametrize("name", [name for name in HERE if name not in ("dyhpo", "optuna_gp")])
def test_the_same_seed_gives_the_same_run(name: str, line: Callable[..., Task]):
    entrant = field.find(name)
    assert entrant.play(line(), 3, 1, 8).steps == entrant.play(line(), 3, 1, 8).steps


def test_top_k_trains_on_what_was_best_after_one_epoch(line: Callable[..., Task]):
    from peers.one_epoch_topk import TopK

    task = line()
    method = TopK(task, 0, 2)
    firsts = [method.ask() for _ in range(4)]  # half of 2 trainings, each first epoch a quarter
    for work in firsts:
        assert work is not None
        assert work.until == 1
        method.report(work, 1, float(task.losses(work.config)[0]))
    best = min(firsts, key=lambda work: task.losses(work.config)[0])  # type: ignore[union-attr]
    following = method.ask()
    assert following is not None
    assert (following.key, following.until) == (best.key, 4)  # type: ignore[union-attr]


def test_the_race_of_dyhpo_goes_on_level_by_level(line: Callable[..., Task], monkeypatch: pytest.MonkeyPatch):
    from peers import dyhpo

    monkeypatch.setattr(dyhpo, "FIRST_EPOCHS", 5)
    monkeypatch.setattr(dyhpo, "POOL", 20)
    task = line()
    played = Game(task, dyhpo.build(task, 0, 1, 3), 1, 3).run()
    assert played.steps[-1][1] < played.steps[0][1]


def test_a_deep_kernel_learns_a_simple_curve():
    import torch
    from peers._deep_kernel import DeepKernel, Points

    torch.manual_seed(0)
    x = torch.linspace(0, 1, 12)[:, None]
    points = Points(x, torch.ones(12, 1), torch.zeros(12, 4))
    scores = 1 - (x[:, 0] - 0.5).square() * 4
    model = DeepKernel(1)
    model.fit(points, scores, 200)
    mean, deviation = model.predict(points, scores, points)
    assert torch.corrcoef(torch.stack([mean, scores]))[0, 1] > 0.9
    assert (deviation > 0).all()


def test_expected_improvement_is_that_of_the_normal_distribution():
    import torch
    from peers.dyhpo import expected_improvement

    found = expected_improvement(torch.tensor([0.0, 1.0, -9.0]), torch.ones(3), torch.zeros(3))
    # 1 / sqrt(2 pi); Phi(1) + phi(1) = 0.8413 + 0.2420; nothing.
    assert found.tolist() == pytest.approx([0.3989, 1.0833, 0.0], abs=1e-4)


def test_an_unknown_method_is_refused_with_the_nearest_name():
    with pytest.raises(SystemExit, match="did you mean optuna_tpe"):
        field.find("optuna_tep")


def test_a_method_of_another_environment_names_the_command_that_makes_it():
    with pytest.raises(SystemExit, match=r"benchmarks/peers/install.sh hebo"):
        field.find("hebo")


def test_one_of_ours_is_named_by_searcher_and_scheduler():
    assert field.find("tpe+asha") == field.Ours("tpe", "asha")
