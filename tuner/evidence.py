"""The evidence card of a promoted network: where it came from, and why it may be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tuner.confirmation import Confirmation

if TYPE_CHECKING:
    from tracking.repeats import Configuration
    from tuner.promotion import Candidate


def evidence(candidate: Candidate) -> dict[str, Any]:
    """The card, as JSON: sweep, trial, step, digests of checkpoint, spec and data, confirmation, test, parents."""
    record, trial = candidate.record, candidate.trial
    best = trial.best(record.objective)
    return {
        "sweep": record.name,
        "sweep_id": record.attributes.get("id"),
        "trial": trial.number,
        "step": candidate.checkpoint.step,
        "checkpoint": candidate.checkpoint.digest,
        "spec": candidate.sweep.spec.digest(),
        "objective": {"metric": record.objective.metric, "mode": record.objective.mode},
        "value": best[1] if best else None,
        "architecture": trial.choice("architecture"),
        "data": _data(candidate),
        "commit": record.attributes.get("made_with", {}).get("git", {}).get("commit"),
        "confirmation": _confirmation(candidate.confirmation, candidate.confirmed),
        "test": _test(candidate),
        "parents": [parent] if (parent := record.attributes.get("parent")) else [],
    }


def described(card: Mapping[str, Any]) -> str:
    """The card as Markdown, for MLflow's page of the version."""
    metric = card["objective"]["metric"]
    lines = [
        f"Trial {card['trial']} of the sweep **{card['sweep']}**, epoch {card['step']}, {card['architecture']}.",
        "",
        f"- {metric} {card['value']:.4f} on the validation part of {card['data']['dataset']}",
        *_confirmation_lines(card),
        *(f"- {name} {value:.4f}, read once" for name, value in (card["test"] or {}).items()),
        *(f"- fine-tuned from {it['model']} version {it['version']}" for it in card["parents"]),
        f"- data {card['data']['digest']}, spec {card['spec']}, checkpoint {card['checkpoint']}",
        *([f"- commit {card['commit']}"] if card.get("commit") else []),
        f"- promoted by {card['promotion']['by']} at {card['promotion']['at']}",
    ]
    if forced := card["promotion"].get("forced"):
        lines += ["", f"**Forced**: {forced['reason']}. Overrode: {'; '.join(forced['overrode'])}."]
    return "\n".join(lines)


def tags_of(card: Mapping[str, Any]) -> dict[str, str]:
    """What can be searched for among versions."""
    found = {f"sweepforge.{key}": str(card[key]) for key in ("sweep", "trial", "checkpoint", "spec")}
    found["sweepforge.data"] = str(card["data"]["digest"])
    if forced := card["promotion"].get("forced"):
        found["sweepforge.forced"] = f"{card['promotion']['by']}: {forced['reason']}"
    for parent in card["parents"]:
        found |= {f"sweepforge.parent.{key}": str(parent[key]) for key in ("model", "version")}
    return found


def _data(candidate: Candidate) -> dict[str, Any]:
    """Which data set, and its digest: of this very trial's where the sweep searched its settings; None for a module
    of one's own."""
    trial = candidate.trial
    dataset = trial.choice("dataset")
    if "module" in trial.choices["dataset"] or not any(name.startswith("dataset.") for name in trial.params):
        return {"dataset": dataset, "digest": candidate.record.data(trial).get(dataset)}
    from tuner.datasets import read_data

    return {"dataset": dataset, "digest": read_data(trial.choices["dataset"]).digest}


def _confirmation(confirmation: Confirmation | None, confirmed: Configuration | None) -> dict[str, Any] | None:
    if confirmation is None or confirmed is None:
        return None
    mean = confirmed.mean
    found = {
        "sweep": confirmation.of,
        "trial": confirmation.trial(confirmed),
        "seeds": mean.count,
        "failed": confirmed.failed,
        "values": list(confirmed.values.values()),
        "mean": mean.mean,
        "low": mean.low if mean.count > 1 else None,
        "high": mean.high if mean.count > 1 else None,
        "spread": mean.spread if mean.count > 1 else None,
        "compared": len(confirmation.ranked),
    }
    others = [it for it in confirmation.ranked if it is not confirmed]
    if confirmed is confirmation.winner and others:
        second = others[0]
        found["second"] = {"trial": confirmation.trial(second), **_finite(asdict(confirmation.against(second)))}
    return found


def _test(candidate: Candidate) -> Mapping[str, float] | None:
    judged = candidate.record.attributes.get("test", {})
    return judged["metrics"] if judged.get("checkpoint") == candidate.checkpoint.digest else None


def _confirmation_lines(card: Mapping[str, Any]) -> list[str]:
    if not (found := card["confirmation"]):
        return ["- **not confirmed** with fresh seeds"]
    interval = f" [{found['low']:.4f}, {found['high']:.4f}]" if found["low"] is not None else ""
    return [f"- confirmed with {found['seeds']} fresh seeds: mean {found['mean']:.4f}{interval}"]


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: null in its place."""
    return {key: None if value in (float("inf"), float("-inf")) else value for key, value in values.items()}
