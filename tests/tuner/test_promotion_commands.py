"""`tuner confirm`, `promote`, `lineage`, `compare` and `rollback` on one confirmed sweep, as they are typed."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tuner import commands

pytestmark = pytest.mark.slow


@pytest.fixture
def own_home(confirmed_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(confirmed_home, tmp_path / "own")
    monkeypatch.setenv("TUNER_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "own"


def tuner(*arguments: str) -> Result:
    done = CliRunner().invoke(commands.app(), list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def test_from_a_confirmed_sweep_to_a_champion_and_its_lineage(own_home: Path) -> None:
    confirmed = tuner("confirm", "tiny", "--top", "2", "--seeds", "3", "--inline").stdout
    assert "from #2, trial" in confirmed
    assert "(read once, with this network)" in confirmed
    last = tuner("confirm", "tiny", "--top", "2", "--seeds", "3", "--inline", "--json").stdout.splitlines()[-1]
    facts = json.loads(last)
    assert (facts["event"], len(facts["configurations"]), facts["over"]) == ("confirmation", 2, True)
    assert "m@champion is version 1 now" in tuner("promote", "tiny", "--to", "m@champion").stdout
    assert "version 1 already: nothing to do" in tuner("promote", "tiny", "--to", "m@champion").stdout
    sweep, version = tuner("lineage", "m").stdout.splitlines()
    assert (sweep, version.split(":")[0]) == ("sweep tiny", "  m/1 @champion")


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_sweeps_and_architectures_side_by_side(own_home: Path, format: str) -> None:
    said = tuner("compare", "tiny", "tiny-confirm", "--format", format).stdout
    assert "repeats" in said
    assert json.loads(said)["facts"][1]["seeds"] == 3 if format == "json" else "val/accuracy" in said
    board = tuner("leaderboard", "tiny", "--by", "architecture", "--format", format).stdout
    assert json.loads(board)[0]["architecture"] == "mlp" if format == "json" else "mlp" in board
