"""The searcher that decides for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from tuner.searchers import Searcher, Wish
from tuner.searchers._found import Found, exactly
from tuner.searchers.quasi_random import QuasiRandom
from tuner.searchers.random import RandomSearch

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.study import Study

    from search_spaces.space import Space


class Auto(Searcher):
    """A Gaussian process that knows how far each trial was trained, for any space; the default.

    The first trial takes what is usual: each setting's default, or the middle of its range. A few quasi-random ones
    follow. Then points are drawn of which most is expected after a whole training, by a model of learning curves over
    the space: what a short training showed counts for as much as short trainings have turned out to tell (as in
    freeze-thaw optimisation: Swersky, Snoek and Adams, arXiv:1406.3896, 2014). Failures count as bad as the worst
    value, trials at work as ended as expected. Several objectives are drawn together with random weights (ParEGO:
    Knowles, IEEE TEC 10(1), 2006).
    """

    several_objectives: ClassVar[bool] = True
    learns_earlier: ClassVar[bool] = True

    startup: int = Field(default=8, ge=1)
    """The trials before the model draws: the usual settings, then quasi-random ones; those of earlier sweeps count."""

    def for_trial(self, space: Space, study: Study, seed: int, number: int, attempt: int = 0) -> BaseSampler:
        """What is usual, then quasi-random points, then the model's."""
        from tuner.searchers._earlier import earlier_of

        before = number + len(earlier_of(study))
        if before == 0 and attempt == 0:
            return exactly(space.usual(), RandomSearch().build(space, study, seed))
        if before < self.startup:
            return QuasiRandom().for_trial(space, study, seed, number, attempt)
        return super().for_trial(space, study, seed, number, attempt)

    def granting(self, wish: Wish) -> Searcher:
        """Quasi-random points, or the one that the same model has just found for the scheduler `freeze_thaw`."""
        return QuasiRandom() if wish == "explore" else Found(point=wish)

    def build(self, space: Space, study: Study, seed: int) -> BaseSampler:
        """The model's sampler, or random draws while nothing was reported."""
        import numpy as np

        from tuner.beliefs.belief import Belief
        from tuner.searchers._evidence import evidence_of, pending_of, settings_of

        unknown = RandomSearch().build(space, study, seed)
        rng = np.random.default_rng(seed)
        if not space.parameters() or (evidence := evidence_of(space, study, rng)) is None:
            return unknown
        process = evidence.process(settings_of(evidence, study), rng)
        found = Belief(evidence, process).amid(pending_of(study)).best_new(rng)
        return unknown if found is None else exactly(evidence.coordinates.point(found[0]), unknown)
