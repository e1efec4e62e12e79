"""Promotions of a tiny sweep's confirmed network to MLflow's registry."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
import torch

from tracking import checkpoints
from tracking.models import EVIDENCE
from tracking.registry import ModelName, Registry, RegistryError
from tracking.stores.on_mlflow import client_of
from tuner import Sweep
from tuner.errors import SweepError, UsageError
from tuner.home import Home
from tuner.lineage import lineage, lines
from tuner.promotion import promote, rollback
from tuner.restoring import network_of

pytestmark = pytest.mark.slow
CHAMPION = ModelName("digit-classifier", "champion")
TO = str(CHAMPION)


@pytest.fixture(autouse=True)
def tracking_uri_of_the_process() -> Iterator[None]:
    """What is promoted is told its store; the process's own is left as it is."""
    before = mlflow.get_tracking_uri()
    yield
    assert mlflow.get_tracking_uri() == before


@pytest.fixture
def own_home(confirmed_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One's own copy of the sweeps and of MLflow's tables; the models' files stay where they are."""
    home = tmp_path / "own"
    shutil.copytree(confirmed_home, home)
    monkeypatch.setenv("TUNER_HOME", str(home))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return home


@pytest.fixture
def sweep(own_home: Path) -> Sweep:
    return Sweep.open("tiny", own_home)


@pytest.fixture
def registry(own_home: Path) -> Registry:
    return Registry(Home.at(own_home).tracking_uri)


def nothing_was_registered(registry: Registry) -> bool:
    return registry.models() == []


def with_evidence(registry: Registry, **changed: Any) -> None:
    """Give the champion another evidence than it has."""
    version = registry.find(CHAMPION)
    registry.register("digit-classifier", version.uri, version.run_id, {**version.evidence, **changed})


def test_the_confirmed_winner_becomes_the_champion_with_its_evidence(sweep: Sweep, registry: Registry) -> None:
    done = sweep.promote(TO)
    confirmed = sweep.confirm(2, 3, runner="inline")
    version = registry.find(CHAMPION)
    assert done.version == version
    assert (version.number, version.aliases, done.replaced, list(done.overridden)) == (1, ("champion",), None, [])
    typical, card = confirmed.winner.typical(), version.evidence
    assert typical.checkpoint is not None
    assert (card["sweep"], card["trial"], card["step"]) == ("tiny-confirm", typical.number, typical.checkpoint.step)
    assert (card["checkpoint"], card["spec"]) == (typical.checkpoint.digest, Sweep.open("tiny-confirm").spec.digest())
    assert card["data"] == {"dataset": "digits", "digest": sweep.record().attributes["data"]["digits"]}
    assert card["confirmation"]["mean"] == confirmed.winner.mean.mean
    assert card["confirmation"]["values"] == list(confirmed.winner.values.values())
    assert card["confirmation"]["second"]["test"] == "paired t-test, 3 seeds"
    assert card["test"] == confirmed.test
    assert card["parents"] == []
    assert "@" in card["promotion"]["by"]
    assert "forced" not in card["promotion"]
    assert version.run_id == registry.find(CHAMPION).run_id
    described = client_of(registry.uri).get_model_version("digit-classifier", "1").description
    assert "confirmed with 3 fresh seeds" in described
    assert checkpoints.is_pinned(typical.checkpoint)


def test_the_registered_network_is_the_one_of_the_checkpoint(
    sweep: Sweep, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = sweep.promote(TO).version
    folder = registry.fetch(version, tmp_path / "model")
    network, assignment = network_of(folder)
    typical = sweep.confirm(2, 3, runner="inline").winner.typical()
    assert typical.checkpoint is not None
    weights = torch.load(typical.checkpoint.path, weights_only=True)["state_dict"]
    for name, value in network.state_dict().items():
        assert torch.equal(value, weights[f"network.{name}"])
    assert assignment.choices == typical.choices
    assert str(Path.home()) not in (folder / "extra_files/network.json").read_text()
    assert json.loads((folder / EVIDENCE).read_text()) == version.evidence
    samples = torch.rand(3, 1, 8, 8)
    served = mlflow.pyfunc.load_model(str(folder))
    with torch.no_grad():
        np.testing.assert_allclose(served.predict(samples.numpy()), network.eval()(samples).numpy(), rtol=1e-5)


def test_promoting_the_champion_again_changes_nothing(sweep: Sweep, registry: Registry) -> None:
    first = sweep.promote(TO).version
    again = sweep.promote(TO)
    assert (again.version, again.replaced) == (first, 1)
    assert len(registry.versions("digit-classifier")) == 1


def test_an_unconfirmed_trial_is_refused_and_forcing_it_is_remembered(sweep: Sweep, registry: Registry) -> None:
    [unconfirmed] = sweep.leaderboard()["trial"].tolist()[2:]
    with pytest.raises(
        UsageError, match=r"not confirmed with fresh seeds: `tuner confirm tiny` first.*--force 'REASON'"
    ):
        promote(sweep, TO, trial=unconfirmed)
    assert nothing_was_registered(registry)
    with pytest.raises(UsageError, match="--force wants the reason"):
        promote(sweep, TO, trial=unconfirmed, force=" ")
    done = promote(sweep, TO, trial=unconfirmed, force="a demonstration")
    card = done.version.evidence
    assert (card["sweep"], card["trial"], card["confirmation"], card["test"]) == ("tiny", unconfirmed, None, None)
    assert card["promotion"]["forced"]["reason"] == "a demonstration"
    assert "fresh seeds" in card["promotion"]["forced"]["overrode"][0]
    assert done.version.tags["sweepforge.forced"].endswith(": a demonstration")


def test_the_gate_compares_with_the_champion_on_the_same_data(sweep: Sweep, registry: Registry) -> None:
    [unconfirmed] = sweep.leaderboard()["trial"].tolist()[2:]
    promote(sweep, TO, trial=unconfirmed, force="the first")
    with pytest.raises(UsageError, match="the champion was never confirmed"):
        promote(sweep, TO)
    with_evidence(registry, confirmation={"values": [0.999, 0.998, 0.9985], "mean": 0.9985})
    with pytest.raises(UsageError, match=r"does not gain enough: val/accuracy 0\.\d+ against 0.9985, gain -0\.\d+"):
        promote(sweep, TO)
    with_evidence(registry, data={"dataset": "digits", "digest": "another"})
    with pytest.raises(UsageError, match="judged on other data than the champion"):
        promote(sweep, TO)
    assert registry.find(CHAMPION).number == 1
    assert promote(sweep, TO, force="the data was mended").version.number == 2
    assert registry.find(ModelName("digit-classifier", "previous")).number == 1


def test_a_clearly_better_candidate_passes_the_gate_and_rolling_back_undoes_it(
    sweep: Sweep, registry: Registry
) -> None:
    [unconfirmed] = sweep.leaderboard()["trial"].tolist()[2:]
    promote(sweep, TO, trial=unconfirmed, force="the first")
    with_evidence(registry, confirmation={"values": [0.001, 0.002, 0.0015], "mean": 0.0015})
    worse = sweep.confirm(2, 3, runner="inline").winner
    assert worse.mean.low > 0.01, "the tiny sweep learns too little for this test"
    assert promote(sweep, TO).replaced == 1
    back = rollback(registry.uri, CHAMPION)
    assert (back.version.number, back.replaced) == (1, 2)
    assert rollback(registry.uri, ModelName("digit-classifier")).version.number == 2
    with pytest.raises(UsageError, match="only champion can be rolled back"):
        rollback(registry.uri, ModelName("digit-classifier", "challenger"))


def test_a_challenger_needs_no_gate(sweep: Sweep, registry: Registry) -> None:
    [unconfirmed] = sweep.leaderboard()["trial"].tolist()[2:]
    promote(sweep, TO, trial=unconfirmed, force="the first")
    done = promote(sweep, "digit-classifier@challenger")
    assert (done.version.number, done.version.aliases) == (2, ("challenger",))
    assert registry.find(CHAMPION).number == 1


def test_what_is_wrong_is_refused_in_one_line_and_nothing_is_registered(sweep: Sweep, registry: Registry) -> None:
    for to in ("a/b@champion", "a:b@champion"):
        with pytest.raises(RegistryError, match="a model's name has no '/'"):
            promote(sweep, to)
    for to in ("digit-classifier", "digit-classifier/3", "digit-classifier@previous"):
        with pytest.raises(UsageError, match="--to wants a model and an alias"):
            promote(sweep, to)
    with pytest.raises(SweepError, match="'tiny' has no trial 7: it has 3, from 0"):
        promote(sweep, TO, trial=7)
    with pytest.raises(RegistryError, match="no model named 'digit-classifier'"):
        rollback(registry.uri, CHAMPION)
    assert nothing_was_registered(registry)


def test_a_damaged_checkpoint_is_refused(sweep: Sweep, registry: Registry) -> None:
    typical = sweep.confirm(2, 3, runner="inline").winner.typical()
    assert typical.checkpoint is not None
    assert typical.folder is not None
    here = Path(typical.checkpoint.path)
    whole = here.read_bytes()
    try:
        here.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(SweepError, match=r"digest .* does not match"):
            promote(sweep, TO)
    finally:
        here.write_bytes(whole)  # the ledger names the file of the home that was copied
    assert nothing_was_registered(registry)


def test_a_deleted_experiment_is_refused(sweep: Sweep, registry: Registry) -> None:
    client = client_of(registry.uri)
    found = client.get_experiment_by_name("tiny-confirm")
    assert found is not None
    client.delete_experiment(found.experiment_id)
    with pytest.raises(UsageError, match=r"the MLflow experiment 'tiny-confirm' is deleted.*restore"):
        promote(sweep, TO)
    assert nothing_was_registered(registry)


def test_the_lineage_goes_from_the_sweep_to_the_versions_and_their_children(
    own_home: Path, sweep: Sweep, registry: Registry
) -> None:
    version = sweep.promote(TO).version
    parent = {"model": "digit-classifier", "version": 1, "uri": version.uri, "digest": version.evidence["checkpoint"]}
    card = {**version.evidence, "sweep": "child", "confirmation": None, "parents": [parent]}
    other = client_of(registry.uri).create_logged_model(
        client_of(registry.uri).get_run(version.run_id).info.experiment_id, "child", version.run_id
    )
    registry.register("letters", other.model_uri, version.run_id, card)
    text = lines(lineage(Home.at(own_home), "letters"))
    assert [line.split(":")[0] for line in text] == [
        "sweep tiny",
        "  digit-classifier/1 @champion",
        "    sweep child",
        "      letters/1",
    ]
    assert lines(lineage(Home.at(own_home), "digit-classifier")) == text
    with pytest.raises(RegistryError, match="did you mean 'letters'"):
        lineage(Home.at(own_home), "leters")
