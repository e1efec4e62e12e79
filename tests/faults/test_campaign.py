"""A short, seeded part of the campaign whose whole table is docs/reliability.md."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_no_promise_is_broken_by_any_of_the_quick_faults(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "survival.py"), "--quick", "--seed", "1"]
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=290, check=False
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines) == 13
    assert all(": held" in line for line in lines)
