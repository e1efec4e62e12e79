"""What a sweep was made with, and what of it is different now: code, packages and data that decide its numbers."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracking.ledger import Ledger
from tracking.provenance import commit, versions
from tracking.records import ACCEPTED
from tuner.datasets import data_digests
from tuner.errors import SweepError
from tuner.sources import sources
from tuner.spec import SweepSpec

KEY = "made_with"
"""Where the ledger keeps what the sweep was made with, or what was accepted last."""
PACKAGES = ("sweepforge", "torch", "lightning", "ray", "optuna", "numpy")
Facts = Mapping[str, Mapping[str, str]]


def facts(spec: SweepSpec, data: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
    """What decides a sweep's numbers besides its spec, as plain data.

    Args:
        spec: The sweep.
        data: The fingerprint of each data set by its name; read here otherwise.

    Returns:
        `packages` by version, with Python's first two numbers; `sources` by file and `data` by name with their digests;
        and under `git` the commit of the current folder, which is told but changes nothing by itself.
    """
    found = commit(Path.cwd())
    return {
        "packages": {"python": ".".join(platform.python_version_tuple()[:2]), **versions(PACKAGES)},
        "sources": sources(spec.space),
        "data": dict(data_digests(spec.space) if data is None else data),
        "git": {"commit": found} if found else {},
    }


def differences(before: Facts, now: Facts) -> list[str]:
    """What is different, a line each: `torch 2.12.0 -> 2.13.0`, `flowers/models.py changed`, `data digits: ...`."""
    lines = [f"{name} {old or 'none'} -> {new or 'none'}" for name, old, new in _changed(before, now, "packages")]
    lines += [f"{name} {_fate(old, new)}" for name, old, new in _changed(before, now, "sources")]
    return lines + [
        f"data {name}: {_fate(old, new, 'other samples')}" for name, old, new in _changed(before, now, "data")
    ]


def check(ledger: Ledger, spec: SweepSpec, *, accept: bool) -> list[str]:
    """See that a sweep goes on as it began, and note what it goes on with where it does not.

    Args:
        ledger: Open for writing.
        spec: As it was until now.
        accept: Whether changes are fine; they are noted, with the time.

    Returns:
        What was accepted, a line each.

    Raises:
        SweepError: Something is different, and was not accepted.
    """
    before, now = ledger.study.user_attrs.get(KEY), facts(spec)
    changes = differences(before, now) if before else []
    if changes and not accept:
        raise SweepError(_refusal(ledger.study.study_name, changes, before or {}, now))
    if changes:
        ledger.notes({KEY: now, **_accepted(ledger, changes, now["data"])})
    elif not before:
        ledger.note(KEY, now)
    return changes


def _accepted(ledger: Ledger, changes: list[str], data: Mapping[str, str]) -> dict[str, Any]:
    """What is noted of changes: which and when; and of other data what it was for the trials that had begun."""
    attributes = ledger.study.user_attrs
    before: dict[str, str] = attributes.get("data", {})
    when: dict[str, Any] = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "changes": changes}
    if other := {name: digest for name, digest in before.items() if data.get(name, digest) != digest}:
        when |= {"data": other, "trials": len(ledger.trials())}
    return {ACCEPTED: [*attributes.get(ACCEPTED, []), when], "data": {**before, **data}}


def _refusal(name: str, changes: list[str], before: Facts, now: Facts) -> str:
    told = list(changes)
    if commits := _changed(before, now, "git"):
        _, old, new = commits[0]
        told.append(f"(git commit {old[:10] or 'none'} -> {new[:10] or 'none'})")
    first = f"{name!r} was made with other code, packages or data than are here now, so its numbers might differ:"
    remedy = "bring back what was there, or give the command again with --accept-changes to go on all the same"
    return "\n".join([first, *(f"  {line}" for line in told), remedy])


def _changed(before: Facts, now: Facts, section: str) -> list[tuple[str, str, str]]:
    """The name, the earlier and the present state of what is not the same; an empty text where there was none."""
    old, new = before.get(section, {}), now.get(section, {})
    pairs: dict[str, Any] = {name: (old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})}
    return [(name, was, is_now) for name, (was, is_now) in pairs.items() if was != is_now]


def _fate(old: str, new: str, otherwise: str = "changed") -> str:
    if old and new:
        return otherwise
    return "is gone" if old else "is new"
