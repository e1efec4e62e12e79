"""What an hour of further trials is likely to gain, by the values that the later half of the trials has reached."""

from __future__ import annotations

import math
from collections.abc import Sequence

FEWEST = 20
"""The trials that an estimate needs, and so the fewest after which a sweep may end by it."""


def expected_gain(scores: Sequence[float], best: float) -> float:
    """By how much one more trial is expected to beat the best so far: the mean of max(0, its score - best).

    The tail of the scores is taken for exponential above a threshold u, the (k + 1)-th largest of n scores with
    k = n / 4, and its scale s for the mean excess of the k largest (Weissman, JASA 73, 1978: a tail from the k largest
    observations, in the domain of the Gumbel law). A score exceeds `best` with probability k/n exp(-(best - u) / s),
    and then by s on average; the product is the estimate. It is for scores that come from one law: a bounded tail, such
    as an accuracy's near 1, gains less than it says, a searcher that still learns gains more.

    Args:
        scores: The scores of trials like the next one, at least four; higher is better, -inf for one without a score.
        best: The best score of all trials.

    Returns:
        The gain, in the units of the scores; infinity where the k + 1 largest are not all finite, 0.0 where they are
        equal.
    """
    count = len(scores) // 4
    *leading, threshold = sorted(scores, reverse=True)[: count + 1]
    if not math.isfinite(threshold):
        return math.inf
    scale = sum(leading) / count - threshold
    return count / len(scores) * scale * math.exp(-(best - threshold) / scale) if scale > 0 else 0.0


def gain_per_hour(scores: Sequence[float], seconds: Sequence[float]) -> float | None:
    """The gain to expect of an hour of training by new trials; None while there are fewer than `FEWEST` trials.

    The later half of the trials, and at least `FEWEST` of them, stands for the next. What is expected of each is the
    larger of two figures: what their tail promises (`expected_gain`), and what each of them added to the best on
    average, so that a search which still gains goes on.

    An hour is one of a trial's own training: eight workers train eight of them in an hour by the clock. So the figure
    depends on what is spent, not on how many workers spend it.

    Args:
        scores: One a trial, in the order of their numbers; higher is better, -inf for one without a score.
        seconds: What each of these trials has trained.
    """
    if len(scores) < FEWEST:
        return None
    latest = max(FEWEST, len(scores) // 2)
    gain = max(expected_gain(scores[-latest:], max(scores)), _gained(scores, latest))
    hours = sum(seconds[-latest:]) / latest / 3600
    if gain == 0.0 or hours == 0.0:
        return math.inf if gain > 0.0 else 0.0
    return gain / hours


def _gained(scores: Sequence[float], latest: int) -> float:
    """What each of the latest trials added to the best; 0.0 where there was none before them."""
    before = max(scores[:-latest], default=-math.inf)
    return (max(scores) - before) / latest if math.isfinite(before) else 0.0
