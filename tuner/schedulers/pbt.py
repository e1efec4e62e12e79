"""Population based training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from search_spaces.dimensions import Among, Between
from tuner.exploration import Perturbation, changeable
from tuner.schedulers import NOTHING
from tuner.schedulers._exchanging import Exchanging

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

    from search_spaces.space import Space
    from tracking.records import Objective


class Pbt(Exchanging):
    """Population based training: bad trials go on as changed copies of good ones (Jaderberg et al., 2017, Algorithm 1).

    All trials are one population and train to the end, in turns of `interval_epochs`: the least advanced goes on next,
    so with a single worker, too, all come forward together. A trial among the worst that came to its epoch takes over
    the checkpoint of one of the best at that same epoch, and with it all settings; then numbers are multiplied by 0.8
    or 1.2. Nobody is waited for: with many workers a trial is compared with those that were as fast.
    """

    resample_probability: float = Field(default=0.25, ge=0, le=1)
    """The chance that a number is drawn afresh instead of multiplied; and that an option is: else it stays."""

    def build(
        self, objective: Objective, epochs: int, trials: int, space: Space = NOTHING, seed: int = 0
    ) -> TrialScheduler:
        """The scheduler, its population still empty."""
        from tuner.schedulers._on_population import OnPopulation

        perturb = Perturbation(space, self.resample_probability, seed)
        return OnPopulation(
            self.population(epochs, trials, seed),
            lambda number, epoch, params, pending: perturb(number, epoch, params),
            objective,
        )

    def changes(self, space: Space) -> Mapping[str, Between | Among]:
        """All that a network in training can do with changed."""
        return changeable(space)
