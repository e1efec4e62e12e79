"""The part of a study that counts: without the trials that were set aside when the sweep's space was changed."""

from __future__ import annotations

from collections.abc import Container

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tracking.records import SET_ASIDE


def set_aside(study: Study) -> frozenset[int]:
    """The numbers of the trials that do not count."""
    return frozenset(it.number for it in study.get_trials(deepcopy=False) if SET_ASIDE in it.user_attrs)


class Counted(Study):
    """A study as a searcher is to see it; it writes to the same storage.

    Args:
        study: The sweep's.
        aside: The numbers of the trials that are not shown.
    """

    def __init__(self, study: Study, aside: frozenset[int]) -> None:
        self.__dict__.update(study.__dict__)
        self._aside = aside

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """The trials that count."""
        return [trial for trial in super().get_trials(deepcopy, states) if trial.number not in self._aside]


def counted(study: Study, aside: frozenset[int]) -> Study:
    """The study, without those trials if there are any."""
    return Counted(study, aside) if aside else study
