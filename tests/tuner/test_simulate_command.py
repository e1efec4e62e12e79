"""`tuner simulate` as it is typed."""

import csv
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuner.commands import app
from tuner.errors import UsageError

LITTLE = ("--seeds", "2", "--trainings", "6", "--jobs", "1")


def simulate(*arguments: object) -> str:
    done = CliRunner().invoke(app(), ["simulate", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_it_prints_a_row_a_pair(recordings: Path) -> None:
    several = "--task plain --searcher random --searcher tpe --scheduler none --scheduler asha --workers 3"
    lines = simulate("--tasks", recordings, *several.split(), *LITTLE).splitlines()
    assert lines[0].startswith("1 task x 2 seeds, 3 workers, 6 whole trainings each: mean normalised regret")
    assert lines[3].split()[:8] == ["searcher", "scheduler", "after", "5", "after", "6", "0", "to"]
    pairs = [tuple(line.split()[:2]) for line in lines[4:]]
    assert pairs == [("random", "none"), ("random", "asha"), ("tpe", "none"), ("tpe", "asha")]
    assert all(" ± " in line and line.rstrip().endswith(" ms") for line in lines[4:])


def test_a_csv_file_has_a_row_a_sweep(recordings: Path, tmp_path: Path) -> None:
    file = tmp_path / "sweeps.csv"
    named = ("--task", "plain", "--task", "hills", "--searcher", "random", "--scheduler", "asha")
    assert f"wrote {file}" in simulate("--tasks", recordings, *named, *LITTLE, "-o", file)
    with file.open() as opened:
        rows = list(csv.DictReader(opened))
    assert [row["task"] + row["seed"] for row in rows] == ["plain0", "plain1", "hills0", "hills1"]
    assert all(0 <= float(row["regret at 6"]) <= float(row["regret at 5"]) for row in rows)


def test_a_page_has_the_curves_and_the_table(recordings: Path, tmp_path: Path) -> None:
    file = tmp_path / "curves.html"
    named = ("--task", "plain", "--searcher", "random", "--scheduler", "asha")
    simulate("--tasks", recordings, *named, *LITTLE, "--output", file)
    text = file.read_text()
    assert "random + asha" in text and "regret at 6" in text
    assert "1 task x 2 seeds, 1 worker, 6 whole trainings each" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "plane"), "has no task 'plane'; did you mean 'plain'"),
        (("--task", "plain", "--searcher", "rndom"), "'rndom' is not one of the searchers; did you mean 'random'"),
        (("--task", "plain", "-o", "curves.png"), "--output must end in .html or .csv, got curves.png"),
        (("--task", "plain", "-o", "nowhere/curves.csv"), "--output must lie in a folder that exists"),
        ((), "the task 'shares' has no ref with best and q50"),
    ],
)
def test_what_cannot_be_compared_is_refused(recordings: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        simulate("--tasks", recordings, "--scheduler", "asha", *arguments, *LITTLE)
    assert message in str(error.value)


def test_a_page_without_plotly_says_how_to_install_it(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(UsageError, match="needs plotly: pip install"):
        simulate("--tasks", recordings, "--task", "plain", *LITTLE, "-o", "curves.html")
