"""The examples, as their readers run them; everything tiny."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tracking.registry import ModelName, Registry

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("confirmed", "promoted", "fine-tuned", "the child promoted", "exported", "predicted", "served", "made again")


@pytest.mark.timeout(600)  # a dozen commands, each a process of its own that imports torch
def test_from_a_sweep_to_a_service_and_back(tmp_path: Path, free_port: Callable[[], int]) -> None:
    settings = {"HOW": "--inline", "EPOCHS": "2", "TRIALS": "2", "SEEDS": "2", "PORT": str(free_port())}
    environment = os.environ | settings | {
        "TUNER_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = ["bash", str(ROOT / "examples" / "from_sweep_to_service.sh")]
    done = subprocess.run(
        command, check=False, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=580
    )
    said = done.stdout

    assert done.returncode == 0, said + done.stderr
    assert all(f"== {step}" in said for step in STEPS)
    assert "sample,class,p_5,p_6,p_7,p_8,p_9" in said
    assert "3 samples, 5 scores each" in said
    assert "is the same to the last bit" in said
    # rolled back: the champion is the first version again, the child is what was there before
    registry = Registry(f"sqlite:///{tmp_path / 'home' / 'mlflow.db'}")
    champion = registry.find(ModelName.read("digit-classifier@champion"))
    assert champion.number == 1
    assert [version.number for version in registry.versions("digit-classifier")] == [1, 2]
    assert not [path for path in tmp_path.iterdir() if path.name != "home"]
