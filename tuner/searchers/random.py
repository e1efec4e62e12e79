"""Random search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tuner.searchers import Searcher

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

    from search_spaces.space import Space
    from tuner.searchers._by_rule import ByRule


class RandomSearch(Searcher):
    """Independent random draws (Bergstra and Bengio, JMLR 13, 2012): a fair baseline, and hard to beat with few trials.

    A draw follows from the sweep's seed, the trial's number and the parameter's name, and from nothing else: adding a
    parameter to the space, or asking in another order, leaves all other draws as they were.
    """

    several_objectives: ClassVar[bool] = True

    def build(self, space: Space, study: Study, seed: int) -> ByRule:
        """A sampler that draws by name."""
        from optuna.samplers import RandomSampler

        from tuner.searchers._by_rule import ByRule
        from tuner.seeds import seed_of

        def draw(number: int, name: str, distribution: BaseDistribution) -> Any:
            own = RandomSampler(seed_of(seed, name))
            return own.sample_independent(study, None, name, distribution)  # type: ignore[arg-type]

        return ByRule(draw)
