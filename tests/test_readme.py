"""What the README says is true: its commands parse, its specs are valid, its Python runs, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tuner import Sweep, reading
from tuner.commands import app
from tuner.spec import SweepSpec

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    lines = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]
    return [line for line in lines if line.startswith("tuner ")]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_parses(line: str) -> None:
    group = typer.main.get_command(app())
    _, name, *arguments = shlex.split(line, comments=True)
    context = group.make_context("tuner", [name])
    command = group.get_command(context, name)  # type: ignore[attr-defined]
    assert command is not None
    command.make_context(name, arguments, parent=context)


def test_the_whole_spec_of_the_readme_is_valid() -> None:
    spec = SweepSpec.read(reading.parse(blocks("yaml")[0], "README"))
    assert spec.space.parameters()["architecture.mlp.width"].contains(512)


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def run(script: str, home: Path, folder: Path) -> str:
    """What a script prints, run as a reader would run it: by a Python of its own."""
    environment = {**os.environ, "TUNER_HOME": str(home), "PYTHONPATH": str(folder)}
    environment.pop("MLFLOW_TRACKING_URI", None)
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (code,) = blocks("python")
    shrunken = code.replace('Sweep("digits"', 'Sweep("digits", ["budget.trials=2", "budget.epochs=2"]')
    assert shrunken != code
    said = run(shrunken, home=tmp_path, folder=tmp_path)
    assert said.split()[0] == "rank"  # how many columns pandas shows depends on the terminal
    assert Path(said.split()[-1]).suffix == ".ckpt"


@pytest.mark.slow
def test_the_example_with_a_module_of_ones_own_runs_unmodified(tmp_path: Path) -> None:
    folder = ROOT / "examples" / "own_module"
    options = '["budget.trials=4", "resources.workers=2"]'
    run(f'from tuner import Sweep; Sweep("flowers.yaml", {options}).run()', tmp_path, folder)
    sweep = Sweep.open("flowers", home=tmp_path)  # to look at it, nothing of the example needs to be importable here
    board = sweep.leaderboard()
    assert len(board) == 4
    assert set(board["architecture"]) == {"Classifier"}
    assert board["value"].max() > 1 / 3  # three kinds of irises, equally many of each
    assert "test/accuracy" in sweep.record().attributes["test"]["metrics"]
