"""What a Ray worker says of an assignment that it cannot even begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracking.goals import Objective
from tuner.assignment import Assignment
from tuner.runners import worker


def test_a_worker_that_cannot_write_before_its_first_epoch_reports_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, Any]] = []
    monkeypatch.setattr(worker.tune, "report", said.append)  # there is no driver here
    (tmp_path / "trials").write_text("a file, where the folder of all trials should be")
    job = Assignment(0, {}, 0, 1, tmp_path / "trials" / "0", Objective(), timeout=60.0)
    worker.train({"assignment": job.to_json()})
    assert [list(it) for it in said] == [[worker.FAILED]]
    assert "NotADirectoryError" in said[0][worker.FAILED]
