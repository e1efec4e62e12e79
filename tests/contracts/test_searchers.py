"""What every searcher keeps to, on a space with branches and on one of numbers alone."""

import math
import pickle
import subprocess
import sys

import optuna
import pytest
from optuna.trial import TrialState

from search_spaces import plugins
from search_spaces.problems import Problems
from search_spaces.space import Space
from tracking.ledger import Ledger
from tracking.records import Report
from tuner.conductor import Conductor
from tuner.searchers import Searcher
from tuner.searchers.random import RandomSearch
from tuner.spec import SweepSpec

NAMES = plugins.names("tuner.searchers")
BRANCHED = {
    "dataset": "digits",
    "architecture": ["mlp", "convnet"],
    "optimizer": ["sgd", "adamw"],
    "loss": "cross_entropy",
    "training": {},
}
NUMERIC = {
    "dataset": "digits",
    "architecture": {"mlp": {"width": 64, "depth": {"low": 1, "high": 4}, "activation": "relu", "dropout": 0.1}},
    "optimizer": {"adamw": {"lr": {"low": 1e-4, "high": 1e-1, "log": True}, "weight_decay": 0.01}},
    "training": {"batch_size": 64},
}
SPACES = [pytest.param(BRANCHED, id="branched"), pytest.param(NUMERIC, id="numeric")]


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


# Optuna's Gaussian process takes as long as all the others
@pytest.fixture(params=[pytest.param(it, marks=pytest.mark.slow) if it == "gp" else it for it in NAMES])
def kind(request):
    return plugins.find("tuner.searchers", request.param)


@pytest.fixture(params=SPACES)
def space(request, kind):
    found = Space.read(request.param)
    try:
        kind().check(found)
    except Problems:
        pytest.skip(f"{kind.key()} refuses this space")
    return found


def ask(searcher, space, study):
    """The next trial, as the conductor asks for it."""
    study.sampler = searcher.for_trial(space, study, 0, len(study.trials))
    trial = study.ask()
    choices = space.suggest(trial)
    space.validate(trial.params)
    return trial, choices


def mixed_study(space, complete=12):
    """A half-filled study with a trial of every state: complete, pruned, failed, running, paused."""
    study, drawn = optuna.create_study(direction="maximize"), RandomSearch()
    for number in range(complete):
        study.tell(ask(drawn, space, study)[0], number / 10)
    for fate in ("pruned", "failed", "failed with NaN", "running", "paused", "paused with NaN", "just asked"):
        trial, _ = ask(drawn, space, study)
        if fate != "just asked":
            trial.report(float("nan") if "NaN" in fate else 0.3, step=1)
        if fate == "pruned":
            study._storage.set_trial_state_values(trial._trial_id, TrialState.PRUNED, [0.3])
        elif fate.startswith("failed"):
            study.tell(trial, state=TrialState.FAIL)
        elif fate.startswith("paused"):
            trial.set_user_attr("paused", True)
    return study


def test_its_points_are_valid_from_the_first_to_the_last(kind, space):
    study = optuna.create_study(direction="maximize")
    for number in range(14):
        trial, choices = ask(kind(), space, study)
        assert set(choices) == set(space.slots)
        for slot, branches in space.slots.items():  # parameters of the chosen branch, and of no other
            other = {name for branch in branches if branch.name != choices[slot]["name"] for name in branch.searched}
            assert not other & trial.params.keys()
        study.tell(trial, number % 5)


def test_the_same_seed_and_study_give_the_same_point(kind, space):
    study = mixed_study(space)
    points = []
    for _ in range(2):
        copy = optuna.create_study(direction="maximize")
        copy.add_trials(study.get_trials())
        points.append(ask(kind(), space, copy)[0].params)
    assert points[0] == points[1]


def test_failed_pruned_paused_and_running_trials_do_not_hold_it_up(kind, space):
    study = mixed_study(space)
    before = study.get_trials()
    ask(kind(), space, study)
    assert study.get_trials()[: len(before)] == before  # what is past stays as it was told


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED, TrialState.RUNNING])
def test_a_study_of_nothing_but_unfinished_or_failed_trials_does_not_hold_it_up(kind, space, state):
    study = optuna.create_study(direction="minimize")
    for _ in range(12):
        trial, _ = ask(kind(), space, study)
        if state is not TrialState.RUNNING:
            study.tell(trial, state=state)
    ask(kind(), space, study)


def test_equal_values_do_not_hold_it_up(kind, space):
    study = optuna.create_study(direction="minimize")
    for _ in range(12):
        study.tell(ask(kind(), space, study)[0], 1.0)
    ask(kind(), space, study)


def swept(kind, space_spec, curve, trials=14):
    """A sweep in this process, one trial after another, whose trials train nothing: (trial number, epoch) -> value."""
    raw = {**space_spec, "searcher": kind.key(), "scheduler": "none", "budget": {"trials": trials, "epochs": 2}}
    spec = SweepSpec.read(raw)
    ledger = Ledger.in_memory("contract", spec.describe(), spec.objective.resolved())
    conductor = Conductor(spec, ledger, spec.scheduler_choice.build(ledger.objective, 2, trials))
    while (job := conductor.next_job()) is not None:
        for epoch in (1, 2):
            value = curve(job.number, epoch)
            if not conductor.report(job.number, Report(epoch, {ledger.objective.metric: value}, float(epoch))):
                break
        conductor.finished(job.number)
    conductor.close()
    return ledger.record()


NAN, INF = float("nan"), float("inf")
BAD = {
    "some NaN": lambda number, epoch: 0.4 + number / 100 if number % 4 or epoch == 1 else NAN,
    "some infinite": lambda number, epoch: [0.4 + number / 100, 0.5, INF, -INF, 0.3][number % 5],
    "constant": lambda number, epoch: 0.5,
    "huge": lambda number, epoch: (-1.0) ** number * 1e300,
}


@pytest.mark.slow
@pytest.mark.parametrize("curve", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("space_spec", SPACES)
def test_values_that_are_no_numbers_neither_stall_a_sweep_nor_win_it(kind, space_spec, curve):
    try:
        kind().check(Space.read(space_spec))
    except Problems:
        pytest.skip(f"{kind.key()} refuses this space")
    record = swept(kind, space_spec, curve)
    assert len(record.trials) == 14
    assert all(trial.state.finished for trial in record.trials)
    best = record.best()
    assert best.state.name == "COMPLETE" and math.isfinite(best.best(record.objective)[1])
    points = {tuple(sorted(trial.params.items())) for trial in record.trials}
    assert len(points) == 14


def test_a_space_with_nothing_to_search_gives_its_one_point(kind):
    space = Space.read({"loss": "cross_entropy", "training": {"batch_size": 64}})
    study = optuna.create_study()
    for _ in range(12):
        trial, choices = ask(kind(), space, study)
        assert trial.params == {} and choices["training"]["batch_size"] == 64
        study.tell(trial, 0.5)


def test_a_searcher_with_its_options_survives_json_and_pickle(kind):
    assert issubclass(kind, Searcher)
    assert kind.model_validate_json(kind().model_dump_json()) == kind()
    assert pickle.loads(pickle.dumps(kind())) == kind()
    assert all(field.description for field in kind.model_fields.values())
    assert kind.summary().endswith(".")


def test_listing_the_searchers_imports_nothing_heavy():
    code = (
        "import sys; from search_spaces import plugins; "
        "[plugins.find('tuner.searchers', name) for name in plugins.names('tuner.searchers')]; "
        "sys.exit(any(heavy in sys.modules for heavy in ('ray', 'torch', 'optuna')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
