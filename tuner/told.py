"""What the command line says of confirmations, promotions and sweeps side by side."""

from __future__ import annotations

import json as json_format
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from tuner.tables import print_table

if TYPE_CHECKING:
    from tracking.repeats import Configuration
    from tracking.versus import Versus
    from tuner.confirmation import Confirmation
    from tuner.promotion import Promotion

_WIDEST = 48
"""Letters of a cell in a table; CSV and JSON have all of it."""


def confirmation(found: Confirmation, *, json: bool = False) -> None:
    """The configurations by their means, whether the first is really the best, and what the test part said."""
    if json:
        typer.echo(json_format.dumps({"event": "confirmation", **facts(found)}))
        return
    print_table(_columns(found), [_row(found, place, it) for place, it in enumerate(found.ranked, start=1)])
    metric, typical = found.objective.metric, found.winner.typical()
    typer.echo(f"\n{found.verdict()}")
    typer.echo(f"its network     trial {typical.number} of {found.sweep}, the one with the median {metric}")
    if judged := ", ".join(f"{name} {value:.4f}" for name, value in found.test.items()):
        typer.echo(f"test part       {judged}  (read once, with this network)")
    typer.echo(f"was expected    {_range(found)}")
    typer.echo(f"promote it      tuner promote {found.of} --to MODEL@champion")


def facts(found: Confirmation) -> dict[str, Any]:
    """A confirmation as plain JSON data."""
    return {
        "sweep": found.sweep,
        "of": found.of,
        "over": found.over,
        "metric": found.objective.metric,
        "configurations": [_facts(found, configuration) for configuration in found.ranked],
        "verdict": found.verdict(),
        "promoted": found.winner.typical().number,
        "test": dict(found.test),
        "expected": found.expected,
    }


def promotion(done: Promotion, to: str) -> None:
    """Which version an alias points to now, and what was overridden."""
    version = done.version
    if done.replaced == version.number:
        typer.echo(f"{to} is version {version.number} already: nothing to do")
        return
    before = f", before it was version {done.replaced}" if done.replaced else ""
    typer.echo(f"{to} is version {version.number} now{before}")
    for doubt in done.overridden:
        typer.echo(f"  overridden: {doubt}")
    for key in ("confirmation", "test"):
        typer.echo(f"  {key}: {_told(version.evidence.get(key))}")


def versus(found: Versus, format: str) -> None:
    """Sweeps side by side: three tables, or all of them as one JSON object or as CSV with the table's name first."""
    parts = {"facts": found.facts, "differences": found.differences, "costs": found.costs}
    if format == "json":
        plain = {name: json_format.loads(part.to_json(orient="records")) for name, part in parts.items()}
        typer.echo(json_format.dumps({"comparable": found.comparable, **plain}, indent=2))
        return
    if format == "csv":
        for name, part in parts.items():
            typer.echo(part.assign(table=name).set_index("table").to_csv(), nl=False)
        return
    print_frame(found.facts.set_index("sweep").T.rename_axis("").dropna(how="all").reset_index())
    for title, part in (("\nWhat differs", found.differences), ("\nBest value at the same cost", found.costs)):
        typer.echo(title)
        print_frame(part)
    if not found.comparable:
        typer.echo("\nThe values are of other metrics or other data: they do not compare", err=True)


def frame(found: pd.DataFrame, format: str) -> None:
    """A frame as a table, as CSV or as JSON."""
    if format == "json":
        typer.echo(found.to_json(orient="records", indent=2))
    elif format == "csv":
        typer.echo(found.to_csv(index=False), nl=False)
    else:
        print_frame(found)


def print_frame(frame: pd.DataFrame) -> None:
    """A frame as a table, its first column to the left."""
    sides = {str(name): "right" if place else "left" for place, name in enumerate(frame)}
    print_table(sides, [[_shown(value) for value in row] for row in frame.itertuples(index=False)])


def _range(found: Confirmation) -> str:
    """Where the test part's value was to be expected, or that nobody knows."""
    if isinstance(found.expected, str):
        return f"not known: {found.expected}"
    low, high = found.expected
    return f"{low:.4f} to {high:.4f}  (95 %, other samples and other seeds)"


def _columns(found: Confirmation) -> dict[str, str]:
    named = ("#", "trial", f"mean {found.objective.metric}", "95 % interval", "spread", "seeds", "failed")
    return dict.fromkeys(named, "right") | {"architecture": "left"}


def _row(found: Confirmation, place: int, it: Configuration) -> list[str]:
    mean = it.mean
    interval, spread = (f"[{mean.low:.4f}, {mean.high:.4f}]", f"{mean.spread:.4f}") if mean.count > 1 else ("", "")
    named = [str(mean.count), str(it.failed or ""), it.typical().choice("architecture")]
    return [str(place), str(found.trial(it)), f"{mean.mean:.4f}", interval, spread, *named]


def _facts(found: Confirmation, it: Configuration) -> dict[str, Any]:
    mean = it.mean
    figures = {"mean": mean.mean, "low": mean.low, "high": mean.high, "spread": mean.spread}
    finite = {key: value if math.isfinite(value) else None for key, value in figures.items()}
    return {"trial": found.trial(it), **finite, "values": list(it.values.values()), "failed": it.failed}


def _shown(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _told(evidence: Mapping[str, Any] | None) -> str:
    if not evidence:
        return "none"
    shown = {key: evidence[key] for key in ("mean", "low", "high", "seeds") if key in evidence} or evidence
    texts = [f"{key} {value:.4f}" if isinstance(value, float) else f"{key} {value}" for key, value in shown.items()]
    return ", ".join(texts)
