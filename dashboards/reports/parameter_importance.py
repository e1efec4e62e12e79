"""Which searched parameters told the best trials from the rest, by PED-ANOVA (https://arxiv.org/abs/2601.20800)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from dashboards import style
from dashboards.card import Card, NotYet
from tracking.records import Objective, State, SweepRecord

if TYPE_CHECKING:
    import plotly.graph_objects as go

ORDER = 40
QUESTION = "What matters?"
NEEDED = 10
MANY = 50
TOP = 5  # the evaluator's documentation asks for at least so many trials in its top group
DRAWN = 15

Judged = tuple[dict[str, Any], float]


def report(sweep: SweepRecord) -> Card | NotYet:
    """The importance of every searched parameter, those that only some trials have included."""
    trials = judged(sweep)
    if len(trials) < NEEDED:
        return NotYet(QUESTION, f"it takes {NEEDED} finished trials, and there are {len(trials)}")
    if len({value for _, value in trials}) == 1:
        return NotYet(QUESTION, f"all {len(trials)} finished trials have the same {sweep.objective.metric}")
    table = importances(trials, sweep.objective)
    if not table["importance"].sum():
        return NotYet(QUESTION, "no searched parameter tells the best trials from the rest")
    return Card(QUESTION, draw(table), table, caption(table, len(trials)))


def judged(sweep: SweepRecord) -> list[Judged]:
    """The parameters and the best value of every trial that ran its course, or that the scheduler stopped.

    Trials stopped early belong here: leaving out what was bad from the start would hide what made it bad.
    """
    finished = [trial for trial in sweep.trials if trial.state in (State.COMPLETE, State.PRUNED)]
    return [(dict(trial.at(best[0]).params), best[1]) for trial in finished if (best := trial.best(sweep.objective))]


def importances(trials: Sequence[Judged], objective: Objective) -> pd.DataFrame:
    """A row a parameter, the most important first: parameter, importance (they sum to 1), trials that had it."""
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=max(0.1, min(0.5, TOP / len(trials))))
    with warnings.catch_warnings():  # of groups too small to judge: these get no importance, and the table shows it
        warnings.simplefilter("ignore")
        raw = optuna.importance.get_param_importances(_study(trials, objective), evaluator=evaluator, normalize=False)
    total = sum(raw.values()) or 1.0
    rows = [(name, value / total, sum(name in params for params, _ in trials)) for name, value in raw.items()]
    table = pd.DataFrame(rows, columns=["parameter", "importance", "trials"])
    return table.sort_values(["importance", "parameter"], ascending=[False, True], ignore_index=True)


def caption(table: pd.DataFrame, trials: int) -> str:
    """What mattered most, and from how much it was learned."""
    first = table.iloc[0]
    hint = "So few trials give a hint, no more. " if trials < MANY else ""
    return (
        f"{first['parameter']} accounts for {first['importance']:.0%} of what told the best trials from the rest "
        f"(PED-ANOVA over {trials:,} finished trials). {hint}Importance says where to look, not which value to take."
    )


def draw(table: pd.DataFrame) -> go.Figure:
    """A bar a parameter, the most important on top."""
    head = table.head(DRAWN)[::-1]
    figure = style.figure(x="share of the importance", height=90 + 28 * len(head))
    figure.add_bar(
        x=head["importance"].tolist(),
        y=[style.plain(name) for name in head["parameter"]],
        orientation="h",
        marker={"color": style.BLUE, "cornerradius": 3},
        text=[f"{value:.0%}" for value in head["importance"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(ticksuffix="  ", showgrid=False)
    figure.update_layout(bargap=0.35)
    return figure


def _study(trials: Sequence[Judged], objective: Objective) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize" if objective.mode == "max" else "minimize")
    searched = sorted({name for params, _ in trials for name in params})
    spaces = {name: _distribution([params[name] for params, _ in trials if name in params]) for name in searched}
    study.add_trials([_frozen(params, spaces, value) for params, value in trials])
    return study


def _frozen(params: dict[str, Any], spaces: dict[str, BaseDistribution], value: float) -> optuna.trial.FrozenTrial:
    fitting = {name: _fit(given, spaces[name]) for name, given in params.items()}
    return optuna.create_trial(params=fitting, distributions={name: spaces[name] for name in params}, value=value)


def _distribution(values: Sequence[Any]) -> BaseDistribution:
    """The range that the values were seen in: the records keep the values, not the ranges they were drawn from."""
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return CategoricalDistribution(sorted({str(value) for value in values}))
    low, high = min(values), max(values)
    wide = low > 0 and high / low >= 10  # drawn on a log scale, or as good as
    if all(isinstance(value, int) for value in values):
        return IntDistribution(low, high, log=wide)
    return FloatDistribution(low, high, log=wide)


def _fit(value: Any, space: BaseDistribution) -> Any:
    return str(value) if isinstance(space, CategoricalDistribution) else value
