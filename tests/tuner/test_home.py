from pathlib import Path

import pytest

from tracking.lines import FILE
from tuner.errors import SweepError, UsageError
from tuner.home import Home


def with_sweeps(folder: Path, *names: str) -> Home:
    home = Home.at(folder)
    for name in names:
        (home.new_sweep(name) / FILE).write_text("{}\n")
    return home


def test_the_home_is_what_is_given_else_the_environments_else_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNER_HOME", raising=False)
    assert Home.at().path == tmp_path / "runs"
    monkeypatch.setenv("TUNER_HOME", "elsewhere")
    assert Home.at().path == tmp_path / "elsewhere"
    assert Home.at("given").path == tmp_path / "given"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.at("~/mine").path == tmp_path / "mine"


def test_mlflow_lies_in_the_home_unless_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert Home.at(tmp_path).tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert Home.at(tmp_path).tracking_uri == "http://127.0.0.1:5000"


def test_a_home_that_is_not_there_has_no_sweeps(tmp_path: Path) -> None:
    assert Home.at(tmp_path / "none").names() == []
    assert not (tmp_path / "none").exists()


def test_sweeps_are_folders_with_a_ledger(tmp_path: Path) -> None:
    home = with_sweeps(tmp_path, "b", "a")
    (home.sweeps / "unfinished").mkdir()
    assert home.names() == ["a", "b"]
    assert home.sweep("a") == tmp_path / "sweeps" / "a"


def test_a_name_that_is_taken_says_how_to_go_on(tmp_path: Path) -> None:
    home = with_sweeps(tmp_path, "a")
    with pytest.raises(SweepError) as caught:
        home.new_sweep("a")
    for word in ("tuner resume a", "tuner extend a --trials N", "--name"):
        assert word in str(caught.value)


def test_a_sweep_that_was_cut_before_its_ledger_can_begin_again(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    assert home.new_sweep("a") == home.new_sweep("a")


def test_an_unknown_sweep_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="there is none yet"):
        Home.at(tmp_path).sweep("digits")
    with pytest.raises(SweepError, match="did you mean 'digits'"):
        with_sweeps(tmp_path, "digits").sweep("digit")


@pytest.mark.parametrize("below", ["file", "file/home"])
def test_a_home_that_cannot_be_written_to_says_so(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()  # below a file, because root may write everywhere else
    with pytest.raises(UsageError, match=r"cannot be written to .*--home or TUNER_HOME"):
        Home.at(tmp_path / below).new_sweep("a")


def test_nothing_is_left_of_the_probe(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.make()
    assert list(home.sweeps.iterdir()) == []


def test_a_sweep_that_was_killed_while_it_was_made_is_none(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    folder = home.new_sweep("cut")
    (folder / FILE).write_text('{"op_code":0,"more":1}\n{"op_co')
    assert home.names() == []
    assert home.new_sweep("cut") == folder
    with pytest.raises(SweepError, match="no sweep named 'cut'"):
        home.sweep("cut")
