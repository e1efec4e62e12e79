"""How long the searchers take for one suggestion, by the number of trials before it: processor time of one core.

    python benchmarks/suggestion_time.py [--searchers auto tpe bayesian] [--trials 50 200 1000 2000]

The space is that of the recipe `every_architecture`: conditional, with numbers and lists. Half of the trials were cut
short after 1, 3 or 9 of 20 epochs, and one in twenty failed.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import statistics
import time
from typing import cast

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from search_spaces import plugins
from search_spaces.space import Space
from tuner.searchers import Searcher
from tuner.searchers._draft import Draft
from tuner.searchers.random import RandomSearch
from tuner.spec import SweepSpec

EPOCHS = 20
ROUNDS = 9


def study_of(space: Space, trials: int) -> optuna.Study:
    """A study with so many trials at random points."""
    study = optuna.create_study(direction="maximize")
    study.set_user_attr("spec", {"budget": {"epochs": EPOCHS}})
    rng = np.random.default_rng(0)
    study.add_trials([trial_of(space, study, number, rng) for number in range(trials)])
    return study


def trial_of(space: Space, study: optuna.Study, number: int, rng: np.random.Generator) -> FrozenTrial:
    """A trial with a made-up curve."""
    draft = Draft(RandomSearch().for_trial(space, study, 0, number), study, number)
    space.suggest(draft)
    height, epochs = float(rng.random()), int(rng.choice([1, 3, 9, EPOCHS, EPOCHS, EPOCHS]))
    curve = {epoch: height * (1 - 2.0**-epoch) for epoch in range(1, epochs + 1)}
    state = TrialState.COMPLETE if epochs == EPOCHS else TrialState.PRUNED
    if number % 20 == 19:
        return create_trial(state=TrialState.FAIL, params=draft.params, distributions=draft.trial.distributions)
    return create_trial(
        state=state,
        value=max(curve.values()),
        params=draft.params,
        distributions=draft.trial.distributions,
        intermediate_values=curve,
    )


def seconds(searcher: Searcher, space: Space, study: optuna.Study) -> float:
    """The median of some suggestions."""
    number, found = len(study.trials), []
    for turn in range(ROUNDS):
        began = time.process_time()
        draft = Draft(searcher.for_trial(space, study, turn, number), study, number)
        space.suggest(draft)
        found.append(time.process_time() - began)
    return statistics.median(found)


def main() -> None:
    """Print a row a searcher."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--searchers", nargs="+", default=["auto", "tpe", "bayesian", "random"])
    parser.add_argument("--trials", nargs="+", type=int, default=[50, 200, 1000, 2000])
    asked = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = SweepSpec.load("every_architecture").space
    studies = {trials: study_of(space, trials) for trials in asked.trials}
    print(f"{datetime.date.today()}, {platform.processor() or platform.machine()}, Optuna {optuna.__version__}")
    print(f"median of {ROUNDS} suggestions in milliseconds, {len(space.parameters())} parameters, trials before:")
    print(" " * 14 + "".join(f"{trials:>8}" for trials in asked.trials))
    for name in asked.searchers:
        searcher = cast(Searcher, plugins.find("tuner.searchers", name)())
        taken = [seconds(searcher, space, study) for study in studies.values()]
        print(f"{name:<14}" + "".join(f"{1000 * it:>8.0f}" for it in taken))


if __name__ == "__main__":
    main()
