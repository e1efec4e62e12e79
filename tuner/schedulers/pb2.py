"""Population based bandits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from search_spaces.dimensions import Between
from tuner.exploration import changeable, distribution_of
from tuner.population import Population
from tuner.schedulers import NOTHING
from tuner.schedulers._exchanging import Exchanging
from tuner.seeds import seed_of

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Point, Space
    from tracking.records import Objective
    from tuner.bandit import Array, Points


class Pb2(Exchanging):
    """Population based bandits: PBT in which a model chooses the new settings (Parker-Holder et al., NeurIPS 2020).

    As in `pbt`, bad trials go on as copies of good ones. The numbers that the copy trains with are those with the
    highest upper confidence bound on the gain of the next turn, by a Gaussian process over the gains of all turns so
    far, which slowly forgets. Until two turns have told their gain, they are drawn at random. Options stay.
    """

    what: ClassVar[str] = "numbers"

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, its population still empty."""
        from tuner.schedulers._on_population import OnPopulation

        population = self.population(epochs, trials, seed)
        return OnPopulation(population, Bandit(population, self.changes(space), seed), objective)

    def changes(self, space: Space) -> Mapping[str, Between]:
        """Ranges alone: the model knows nothing of options."""
        return {name: it for name, it in changeable(space).items() if isinstance(it, Between)}


class Bandit:
    """Chooses numbers for copies by what the turns of a population have gained.

    Turns teach about each other if the same numbers took part in them: those of other choices do not.

    Args:
        population: Whose turns.
        changes: The numbers that may change.
        seed: The sweep's.
    """

    def __init__(self, population: Population, changes: Mapping[str, Between], seed: int) -> None:
        self._population, self._changes, self._seed = population, changes, seed

    def __call__(self, number: int, epoch: int, params: Mapping[str, Any], pending: list[Mapping[str, Any]]) -> Point:
        """The searched values with which a trial goes on."""
        from tuner.searchers._share import value_at

        names = [name for name in self._changes if name in params]
        if not names:
            return dict(params)
        shares = self._choose(names, epoch, pending, seed_of(self._seed, "explore", number, epoch))
        values = {
            name: value_at(float(share), distribution_of(self._changes[name]))
            for name, share in zip(names, shares, strict=True)
        }
        return {**params, **values}

    def _choose(self, names: list[str], epoch: int, pending: list[Mapping[str, Any]], seed: int) -> Array:
        import numpy as np

        from tuner import bandit

        turns = [
            (turn.params, at, turn.gain)
            for (_, at), turn in sorted(self._population.turns.items(), key=lambda item: (item[0][1], item[0][0]))
            if turn.gain is not None and self._of(turn.params) == names
        ]
        if len(turns) < 2:
            return np.random.default_rng(seed).random(len(names))
        tried = self._points(names, [params for params, _, _ in turns], [at for _, at, _ in turns])
        alike = [params for params in pending if self._of(params) == names]
        now = epoch + self._population.exchanges.step
        gains = np.array([gain for _, _, gain in turns])
        others = self._points(names, alike, [now] * len(alike))
        return bandit.choose(tried, gains, others, now / self._population.exchanges.step, seed)

    def _of(self, params: Mapping[str, Any]) -> list[str]:
        return [name for name in self._changes if name in params]

    def _points(self, names: list[str], params: list[Mapping[str, Any]], epochs: list[int]) -> Points:
        import numpy as np

        from tuner.bandit import Points
        from tuner.searchers._share import share_of

        rows = [[share_of(it[name], distribution_of(self._changes[name])) for name in names] for it in params]
        turns = np.array(epochs, dtype=float) / self._population.exchanges.step
        return Points(np.array(rows, dtype=float).reshape(len(params), len(names)), turns)
