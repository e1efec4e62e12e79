from typing import Any

import pytest

from tracking.goals import Constraint, Goals, Objective
from tuner.errors import SpecError
from tuner.spec import SweepSpec

PLAIN: dict[str, Any] = {"dataset": "digits", "architecture": "mlp", "searcher": "random"}
BOTH = [{"metric": "val/accuracy"}, {"metric": "parameters"}]


def read(**raw: Any) -> SweepSpec:
    return SweepSpec.read({**PLAIN, **raw})


def problems(**raw: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        read(**raw)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_objectives_and_constraints_make_goals() -> None:
    spec = read(objectives=[*BOTH, {"metric": "val/recall", "target": 0.9}], constraints={"latency_ms": {"max": 5}})
    objectives = (Objective("val/accuracy"), Objective("parameters", "min"), Objective("val/recall", "max", 0.9))
    assert spec.goals == Goals(objectives, (Constraint("latency_ms", max=5.0),))
    assert spec.objective.resolved() == Objective("val/accuracy")
    assert read().goals == Goals((Objective("val/accuracy"),))


@pytest.mark.parametrize("raw", [{}, {"objectives": BOTH, "constraints": {"size_mb": {"max": 1, "min": 0.1}}}])
def test_a_described_spec_reads_back_as_itself(raw: dict[str, Any]) -> None:
    spec = read(**raw)
    assert SweepSpec.read(spec.describe()) == spec
    assert ("objectives" in spec.describe()) == ("objective" not in spec.describe()) == bool(raw)


def test_what_is_measured_by_name_is_asked_for() -> None:
    spec = read(constraints={"latency_ms": {"max": 5}}, measure=["epoch_seconds"])
    assert spec.measured == ("val/accuracy", "latency_ms", "epoch_seconds")


@pytest.mark.parametrize(
    ("raw", "path", "message"),
    [
        ({"objective": {"metric": "val/acuracy"}}, "objective.metric", "did you mean 'val/accuracy'?"),
        (
            {"objectives": [{"metric": "val/accuracy"}, {"metric": "paramters"}]},
            "objectives.1.metric",
            "'paramters' is never reported; did you mean 'parameters'?",
        ),
        ({"constraints": {"latency": {"max": 5}}}, "constraints.latency", "did you mean 'latency_ms'?"),
        ({"constraints": {"latency_ms": {}}}, "constraints.latency_ms", "needs min, max or both: {max: 5}"),
        ({"constraints": {"latency_ms": {"maximum": 5}}}, "constraints.latency_ms.maximum", "is not a key"),
        ({"constraints": {"size_mb": {"min": 5, "max": 3}}}, "constraints.size_mb", "min 5 is above max 3"),
        ({"constraints": {"size_mb": {"max": -3}}}, "constraints.size_mb", "no value keeps it: size_mb lies between 0"),
        ({"constraints": {"val/recall": {"min": 90}}}, "constraints.val/recall", "val/recall lies between 0 and 1"),
        ({"objectives": [{"metric": "val/accuracy"}]}, "objectives", "at least 2 items"),
        ({"objectives": [{"mode": "max"}, {"metric": "val/f1"}]}, "objectives.0.metric", "must be given"),
        ({"objectives": [*BOTH, BOTH[0]]}, "objectives.2.metric", "'val/accuracy' stands twice: remove one"),
        ({"objectives": BOTH, "objective": {}}, "objectives", "stands beside objective"),
        ({"objectives": BOTH, "searcher": "cmaes"}, "searcher", "cmaes learns from one objective, the spec has 2"),
        (
            {"objective": {"target": 99}},
            "objective.target",
            "never reached: val/accuracy is at most 1, got 99: as a sh",
        ),
        (
            {"objective": {"target": 0}},
            "objective.target",
            "reached by every value: val/accuracy is at least 0, and max",
        ),
        (
            {"objective": {"metric": "val/mse", "target": -1}},
            "objective.target",
            "never reached: val/mse is at least 0",
        ),
        (
            {"objective": {"metric": "val/accuracy", "mode": "min", "target": 1}},
            "objective.target",
            "reached by every value: val/accuracy is at most 1, and min is aimed at, got 1",
        ),
        (
            {"objective": {"target": 0.9}, "constraints": {"val/accuracy": {"max": 0.5}}},
            "objective.target",
            "breaks the constraint val/accuracy <= 0.5, got 0.9",
        ),
        ({"measure": ["latency"]}, "measure.0", "'latency_ms'"),
        ({"budget": {"total_epochs": 0}}, "budget.total_epochs", "greater than 0"),
        ({"budget": {"min_gain_per_hour": -1}}, "budget.min_gain_per_hour", "greater than 0"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(raw: dict[str, Any], path: str, message: str) -> None:
    assert message in problems(**raw)[path]


def test_the_searchers_that_take_several_objectives_are_named() -> None:
    message = problems(objectives=BOTH, searcher="cmaes")["searcher"]
    assert {"random", "quasi_random", "grid", "tpe", "gp", "nsga2"} <= set(
        message.split("one of ")[1].replace(",", "").split()
    )


def test_a_target_within_the_bounds_is_taken() -> None:
    assert read(objective={"target": 1.0}).goals.leading.target == 1.0
    assert read(objective={"metric": "val/loss", "target": 0.0}).goals.leading.target == 0.0
