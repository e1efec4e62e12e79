"""A sweep and its trials in MLflow's words: names, params, tags, points, statuses. Records in, plain data out."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracking.leaderboard import front
from tracking.records import Objective, Report, State, SweepRecord, TrialRecord
from tracking.redaction import without_passwords
from tracking.stores.base import Point, RunStatus

LEDGER_TAG = "sweepforge.ledger"
TRIAL_TAG = "sweepforge.trial"
PARENT_TAG = "mlflow.parentRunId"
FRONT_ROWS = 50
"""A front is longer than this rarely, and a note is read rather than scrolled."""
CHECKPOINT_TAG = "checkpoint"
GONE = "gone: the best ones of the sweep stay (checkpoints.keep)"
"""In place of a checkpoint's path when nothing is there any more."""
EPOCH = "epoch"
"""The metric that is a trial's last reported epoch: what is shown already ends there."""

_SHOWN_ELSEWHERE = {"spec", "objective", "choices", "checkpoint", "cause", "paused", "seconds", "driven_seconds"}
_SHOWN_ELSEWHERE |= {"further", "constraints", "standing", "size", "parent", "place"}


def ledger_id(record: SweepRecord) -> str | None:
    """What tells one sweep from another of the same name; None before its first trial has started."""
    if given := record.attributes.get("id"):
        return str(given)
    return record.created.astimezone(UTC).isoformat() if record.created else None


def milliseconds(moment: datetime | None) -> int:
    """Since 1970; of now without a moment."""
    return int((moment or datetime.now(UTC)).timestamp() * 1000)


def best_key(objective: Objective) -> str:
    """The metric under which best-so-far is shown, so that a table can be sorted by it."""
    return f"best/{objective.metric}"


# --- the experiment and the sweep's own run ---


def experiment_tags(record: SweepRecord) -> dict[str, str]:
    """What makes MLflow show the experiment as model training judged by the sweep's metric."""
    return {
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.experiment.primaryMetric.name": best_key(record.objective),
        "mlflow.experiment.primaryMetric.greaterIsBetter": str(record.objective.mode == "max").lower(),
    }


def sweep_tags(record: SweepRecord, facts: Mapping[str, str]) -> dict[str, str]:
    """Everything that is said of the sweep as a whole."""
    best = record.best()
    return {
        "sweepforge.sweep": record.name,
        LEDGER_TAG: str(ledger_id(record)),
        "mlflow.note.content": summary(record),
        **_data_tags(record.data()),
        "objective": ", ".join(f"{it.metric} {it.mode}" for it in record.goals.objectives),
        **({"constraints": ", ".join(map(str, record.constraints))} if record.constraints else {}),
        **_labels(record.attributes),
        **_parent_tags(record.attributes.get("parent") or {}),
        **_best_tags(best),
        **_source_tags(record.name, facts),
    }


def sweep_params(record: SweepRecord) -> dict[str, str]:
    """The spec by dotted name."""
    return {key: _text(value) for key, value in _flat(record.spec)}


def sweep_status(record: SweepRecord, live: bool) -> RunStatus:
    """RUNNING while it is driven; KILLED if it was left with trials that have not ended."""
    if live:
        return RunStatus.RUNNING
    if not all(trial.state.finished for trial in record.trials):
        return RunStatus.KILLED
    return RunStatus.FAILED if all(trial.state is State.FAIL for trial in record.trials) else RunStatus.FINISHED


def summary(record: SweepRecord) -> str:
    """The sweep in a few lines of Markdown."""
    counts = Counter(trial.state.value.lower() for trial in record.trials)
    epochs = sum(trial.epochs for trial in record.trials)
    told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    lines = [f"**{record.name}**: {told}; {epochs} epochs trained in all.", "", *_best_lines(record)]
    lines += _front_lines(record)
    if ended := record.attributes.get("ended"):
        lines += ["", f"Over: {ended}."]
    return without_passwords("\n".join([*lines, "", f"Ledger: `{record.folder}`"]))


def spec_file(record: SweepRecord) -> tuple[str, str]:
    """The spec as a file: (name, text), as the sweep's folder has it, or as JSON."""
    written = record.folder / "spec.yaml"
    if written.exists():
        return "spec.yaml", without_passwords(written.read_text(encoding="utf-8"))
    return "spec.json", without_passwords(json.dumps(record.spec, indent=2, default=str))


def leading_points(
    record: SweepRecord, reports: Iterable[tuple[int, TrialRecord, Report]], best: float | None
) -> list[Point]:
    """Each report that beats all before it, at its place in the sweep; `best` is what is shown already.

    When the trial that led has failed, it does not count any more: a last point takes the lead back.
    """
    goals = record.goals
    alive = [it for it in reports if it[1].state is not State.FAIL and not goals.broken(it[2].metrics)]
    points = list(_improvements(record.objective, sorted(alive, key=lambda entry: entry[0]), best))
    leader = record.best()
    found = leader.best(record.objective) if leader else None
    if (points[-1].value if points else best) != (found[1] if found else None):
        place = sum(len(trial.curve) for trial in record.trials)
        points.append(Point(best_key(record.objective), found[1] if found else math.nan, place, milliseconds(None) + 1))
    return points


def judgement_points(test: Mapping[str, Any]) -> list[Point]:
    """What a checkpoint reached on the test part, at the epoch of the checkpoint."""
    return [Point(key, value, test["step"], test["time"]) for key, value in test["metrics"].items()]


# --- a trial's run ---


def trial_name(trial: TrialRecord) -> str:
    """`trial-007 mlp`."""
    return f"trial-{trial.number:03d} {trial.choice('architecture')}".strip()


def trial_tags(record: SweepRecord, trial: TrialRecord, facts: Mapping[str, str]) -> dict[str, str]:
    """Everything that is said of a trial and may change."""
    return {
        "sweepforge.sweep": record.name,
        LEDGER_TAG: str(ledger_id(record)),
        TRIAL_TAG: str(trial.number),
        "state": trial.state.value,
        **{slot: name for slot in trial.choices if (name := trial.choice(slot)) and name != slot},
        **_data_tags(record.data(trial), trial.choice("dataset")),
        **({"cause": without_passwords(trial.cause)} if trial.cause else {}),
        **({"broken": "; ".join(broken)} if (broken := record.broken(trial)) else {}),
        **_checkpoint_tags(trial),
        **_takeover_tags(trial),
        **_labels(trial.attributes),
        **_source_tags(record.name, facts),
    }


def trial_params(trial: TrialRecord) -> dict[str, str]:
    """What was searched, by dotted name, and everything else that was chosen, by the same rule of naming."""
    fixed = dict(_chosen(trial.choices))
    return {key: _text(value) for key, value in {**fixed, **trial.params}.items()}


def trial_points(record: SweepRecord, trial: TrialRecord, reports: Sequence[Report]) -> list[Point]:
    """Every metric of these reports at its epoch; then the epoch itself, which says that the report is whole."""
    first = min((report.step for report in reports), default=0)
    earlier = [value for step, value in trial.curve.items() if step < first]
    best = _best_of(record.objective, earlier)
    leads = _improvements(record.objective, [(report.step - 1, trial, report) for report in reports], best)
    at = {point.step: point for point in leads}
    return [point for report in reports for point in _report_points(trial, report, at.get(report.step))]


def trial_status(trial: TrialRecord, live: bool) -> RunStatus:
    """FINISHED for a trial that a scheduler stopped too: it did what was asked, and its tag `state` says PRUNED.

    KILLED looks like a failure in MLflow's tables, and a sweep stops most of its trials. It is kept for a trial that
    was under way when its sweep was left; one that waits for its next rung is SCHEDULED.
    """
    if trial.state is State.FAIL:
        return RunStatus.FAILED
    if trial.state.finished:
        return RunStatus.FINISHED
    if trial.state is State.PAUSED:
        return RunStatus.SCHEDULED
    return RunStatus.RUNNING if live else RunStatus.KILLED


# --- inside ---


def _improvements(
    objective: Objective, reports: Iterable[tuple[int, TrialRecord, Report]], best: float | None
) -> Iterator[Point]:
    """Of reports in their order, those better than `best` and than each before; at (their place + 1) as the step."""
    for place, trial, report in reports:
        value = report.metrics.get(objective.metric)
        if value is not None and objective.better(value, best):
            best = value
            yield Point(best_key(objective), value, place + 1, _time(trial, report))


def _best_of(objective: Objective, values: Iterable[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    return max(finite) if objective.mode == "max" else min(finite)


def _report_points(trial: TrialRecord, report: Report, best: Point | None) -> Iterator[Point]:
    time = _time(trial, report)
    for key, value in {"seconds": report.seconds, **report.metrics}.items():
        if key != EPOCH:
            yield Point(key, float(value), report.step, time)
    yield from _changed_settings(trial, report)
    if best:
        yield best
    yield Point(EPOCH, report.step, report.step, time)


def _changed_settings(trial: TrialRecord, report: Report) -> Iterator[Point]:
    """The numbers with which a trial trained an epoch otherwise than it began: a run's parameters cannot change."""
    before = [takeover for takeover in trial.takeovers if takeover.epoch < report.step]
    changed = {name for it in before for name, value in it.params.items() if value != trial.params.get(name)}
    for name, value in trial.at(report.step).params.items():
        if name in changed and isinstance(value, int | float) and not isinstance(value, bool):
            yield Point(name, float(value), report.step, _time(trial, report))


def _time(trial: TrialRecord, report: Report) -> int:
    """The start of the trial plus the seconds it has trained: the same however often it is shown."""
    return milliseconds(trial.started) + int(report.seconds * 1000)


def _best_lines(record: SweepRecord) -> list[str]:
    leader = record.best()
    found = leader.best(record.objective) if leader else None
    if leader is None or found is None:
        return [f"No finite `{record.objective.metric}` yet."]
    step, value = found
    return [
        f"Best `{record.objective.metric}` ({record.objective.mode}): **{value:.6g}**, "
        f"{trial_name(leader)} at epoch {step}.",
        "",
        *(f"- `{key}` = `{_text(value)}`" for key, value in leader.at(step).params.items()),
    ]


def _front_lines(record: SweepRecord) -> list[str]:
    """The constraints, and with several objectives the trials that no other beats in all of them at once."""
    lines = ["", f"Constraints: {', '.join(f'`{it}`' for it in record.constraints)}."] if record.constraints else []
    if not record.further:
        return lines
    metrics = [it.metric for it in record.goals.objectives]
    rows = front(record).rename(columns={"value": metrics[0]})
    told = ", ".join(f"{it.metric} ({it.mode})" for it in record.goals.objectives)
    lines += ["", f"Beaten by no other trial in all of {told}:", "", f"| trial | {' | '.join(metrics)} |"]
    lines += [f"|{' --- |' * (1 + len(metrics))}"]
    for _, row in rows.head(FRONT_ROWS).iterrows():
        lines.append(f"| {row['trial']} | {' | '.join(f'{row[metric]:.6g}' for metric in metrics)} |")
    return lines


def _parent_tags(parent: Mapping[str, Any]) -> dict[str, str]:
    """The registered version that a sweep starts from, by which a search in MLflow finds its descendants."""
    shown = ("model", "version", "uri", "digest")
    return {f"sweepforge.parent.{key}": str(parent[key]) for key in shown if key in parent}


def _best_tags(best: TrialRecord | None) -> dict[str, str]:
    if best is None:
        return {}
    return {"best.trial": str(best.number), **{f"best.{key}": text for key, text in _checkpoint_tags(best).items()}}


def _checkpoint_tags(trial: TrialRecord) -> dict[str, str]:
    if trial.checkpoint is None:
        return {}
    return {
        CHECKPOINT_TAG: without_passwords(trial.checkpoint.path) if Path(trial.checkpoint.path).exists() else GONE,
        "checkpoint.digest": trial.checkpoint.digest,
        "checkpoint.epoch": str(trial.checkpoint.step),
    }


def _data_tags(digests: Mapping[str, str], dataset: str | None = None) -> dict[str, str]:
    """The fingerprint of each data set, or of one."""
    return {f"data.{name}": digest for name, digest in digests.items() if dataset in (None, name)}


def _source_tags(name: str, facts: Mapping[str, str]) -> dict[str, str]:
    """Where it came from; MLflow's own columns Source and Version are filled in."""
    own = {f"provenance.{key}": without_passwords(value) for key, value in facts.items() if key != "git.diff"}
    commit = {"mlflow.source.git.commit": facts["git.commit"]} if "git.commit" in facts else {}
    return {"mlflow.source.name": name, "mlflow.source.type": "LOCAL", **commit, **own}


def _takeover_tags(trial: TrialRecord) -> dict[str, str]:
    """After which epochs a trial went on as a copy of which others."""
    if not trial.takeovers:
        return {}
    return {"copy_of": ", ".join(f"trial {it.donor} at epoch {it.epoch}" for it in trial.takeovers)}


def _labels(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The plain facts noted on a sweep or a trial (a data digest, a parent) as tags of the same names."""
    return {
        key: without_passwords(str(value))
        for key, value in attributes.items()
        if key not in _SHOWN_ELSEWHERE and isinstance(value, str | int | float)
    }


def _chosen(choices: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for slot, choice in choices.items():
        name = str(choice.get("name", slot))
        if name != slot:
            yield slot, name
        settings = {key: value for key, value in choice.items() if key != "name"}
        yield from _flat(settings, slot if name == slot else f"{slot}.{name}")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, path)
        else:
            yield path, value


def _text(value: Any) -> str:
    return without_passwords(value if isinstance(value, str) else json.dumps(value, default=str))
