"""The gate before a model's champion: is the candidate better, by enough, and not by luck?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracking.goals import Objective
from tracking.intervals import Difference, welch


def objections(candidate: Mapping[str, Any], champion: Mapping[str, Any], min_gain: float = 0.0) -> list[str]:
    """What speaks against a candidate's taking the champion's place, with the figures; nothing if it may.

    Both are evidence cards (`tuner.promotion`). Their confirmations' means are compared on the same data: the gain must
    be at least `min_gain`, and the 95 % interval of the difference (Welch's t-test over the seeds) must lie above 0.

    Args:
        candidate: The evidence of the one that shall be champion.
        champion: That of the one that is.
        min_gain: In the units of the objective.
    """
    if differing := _not_comparable(candidate, champion):
        return [differing]
    if not (candidate.get("confirmation") and champion.get("confirmation")):
        who = "the candidate" if not candidate.get("confirmation") else "the champion"
        return [f"{who} was never confirmed, so there are no repeated values to compare"]
    metric = candidate["objective"]["metric"]
    gain = gain_of(candidate, champion)
    told = " against ".join(f"{card['confirmation']['mean']:.4f}" for card in (candidate, champion))
    figures = f"{metric} {told}, gain {gain}"
    if gain.difference < min_gain or gain.difference <= 0:
        return [f"it does not gain enough: {figures}, at least {max(min_gain, 0.0):g} is wanted"]
    if gain.low <= 0:
        return [f"it cannot be told from the champion: {figures}, the interval must lie above 0"]
    return []


def gain_of(candidate: Mapping[str, Any], champion: Mapping[str, Any]) -> Difference:
    """How far the candidate's mean is better than the champion's: positive is better, whatever the direction."""
    objective = Objective(**candidate["objective"])
    scores = [[objective.score(value) for value in card["confirmation"]["values"]] for card in (candidate, champion)]
    return welch(*scores)


def _not_comparable(candidate: Mapping[str, Any], champion: Mapping[str, Any]) -> str:
    ours, theirs = (card.get("data") or {} for card in (candidate, champion))
    if ours.get("digest") != theirs.get("digest") or ours.get("digest") is None:
        told = " and ".join(
            f"{it.get('dataset', 'unknown data')} {it.get('digest') or '(no digest)'}" for it in (ours, theirs)
        )
        if ours.get("dataset") == theirs.get("dataset") and None in (ours.get("digest"), theirs.get("digest")):
            return f"whether it was judged on the champion's data cannot be known: {told}; compare them yourself"
        return f"it was judged on other data than the champion: {told}; values on different data do not compare"
    if candidate["objective"] != champion.get("objective"):
        told = " and ".join(str((card.get("objective") or {}).get("metric")) for card in (candidate, champion))
        return f"it was judged by another metric than the champion: {told}"
    return ""
