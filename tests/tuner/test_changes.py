"""What is noticed between a sweep's turns: code, packages and data; real modules and real ledgers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from search_spaces.space import Space
from tracking.ledger import Ledger
from tuner import changes
from tuner.errors import SweepError
from tuner.sources import sources
from tuner.spec import SweepSpec

MODEL = """
import lightning.pytorch as L
import json
from . import parts
from .deeper.layers import Layer
import helpers
class Net(L.LightningModule):
    def __init__(self, width: int = 8):
        super().__init__()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's own package, which imports some of its files and not others."""
    files = {
        "flowers/__init__.py": "",
        "flowers/models.py": MODEL,
        "flowers/parts.py": "",
        "flowers/unused.py": "",
        "flowers/deeper/__init__.py": "",
        "flowers/deeper/layers.py": "from .sizes import SIZE\nclass Layer:\n    pass\n",
        "flowers/deeper/sizes.py": "SIZE = 3\n",
        "helpers.py": "",
        "README.md": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in ("flowers", "helpers")]:
        del sys.modules[name]


def own(space: dict[str, Any] | None = None) -> Space:
    return Space.read(space or {"dataset": "digits", "architecture": {"module": "flowers.models:Net", "width": [4, 8]}})


def test_a_users_module_counts_with_what_it_imports_from_its_own_folder(project: Path) -> None:
    assert set(sources(own())) == {
        "flowers/__init__.py",
        "flowers/models.py",
        "flowers/parts.py",
        "flowers/deeper/__init__.py",
        "flowers/deeper/layers.py",
        "flowers/deeper/sizes.py",
        "helpers.py",
        "search_spaces/datasets/digits.py",
    }


def test_the_platforms_own_choices_count_by_the_file_of_each() -> None:
    found = sources(Space.read({"dataset": "digits", "architecture": ["mlp", "lenet"], "optimizer": "sgd"}))
    assert [name.removeprefix("search_spaces/") for name in found] == [
        "architectures/lenet.py",
        "architectures/mlp.py",
        "datasets/digits.py",
        "optimizers/sgd.py",
    ]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("flowers/deeper/sizes.py", "SIZE = 4\n", ["flowers/deeper/sizes.py changed"]),
        ("flowers/parts.py", "import flowers.unused\n", ["flowers/parts.py changed", "flowers/unused.py is new"]),
        ("flowers/unused.py", "1 / 0\n", []),
        ("README.md", "What it is\n", []),
    ],
)
def test_a_changed_file_is_named_if_it_matters(project: Path, name: str, text: str, told: list[str]) -> None:
    before = {"sources": sources(own())}
    (project / name).write_text(text)
    assert changes.differences(before, {"sources": sources(own())}) == told


def test_a_file_that_is_gone_is_named(project: Path) -> None:
    before = {"sources": sources(own())}
    (project / "helpers.py").unlink()
    assert changes.differences(before, {"sources": sources(own())}) == ["helpers.py is gone"]


def test_packages_and_data_are_told_with_what_they_were() -> None:
    before = {"packages": {"torch": "2.12.0", "ray": "2.60.0"}, "data": {"digits": "ab", "mnist": "cd"}}
    now = {"packages": {"torch": "2.13.0", "numpy": "2.4.0"}, "data": {"digits": "ef", "mnist": "cd"}}
    assert changes.differences(before, now) == [
        "numpy none -> 2.4.0",
        "ray 2.60.0 -> none",
        "torch 2.12.0 -> 2.13.0",
        "data digits: other samples",
    ]
    assert changes.differences(before, before) == []


def test_a_commit_alone_holds_nobody_up() -> None:
    assert changes.differences({"git": {"commit": "a"}}, {"git": {"commit": "b"}}) == []


@pytest.fixture
def begun(tmp_path: Path) -> Callable[..., tuple[Ledger, SweepSpec]]:
    def begin(**section: dict[str, str]) -> tuple[Ledger, SweepSpec]:
        """A ledger that was begun with something else than is here."""
        spec = SweepSpec.read({"name": "toy", "dataset": "digits", "architecture": "linear"})
        facts = changes.facts(spec)
        facts |= {name: facts[name] | values for name, values in section.items()}
        return Ledger.create(tmp_path, "toy", spec.describe(), spec.goals.leading, **{changes.KEY: facts}), spec

    return begin


def test_what_was_begun_with_the_same_goes_on(begun: Callable[..., tuple[Ledger, SweepSpec]]) -> None:
    ledger, spec = begun()
    assert changes.check(ledger, spec, accept=False) == []
    assert changes.ACCEPTED not in ledger.study.user_attrs


def test_changes_are_refused_a_line_each_until_they_are_accepted(
    begun: Callable[..., tuple[Ledger, SweepSpec]],
) -> None:
    ledger, spec = begun(packages={"torch": "1.0"}, data={"digits": "other"}, git={"commit": "f" * 40})
    with pytest.raises(SweepError) as refused:
        changes.check(ledger, spec, accept=False)
    first, torch, data, commit, remedy = str(refused.value).splitlines()
    assert first.startswith("'toy' was made with other code, packages or data")
    assert torch.startswith("  torch 1.0 -> ")
    assert data == "  data digits: other samples"
    assert commit.startswith("  (git commit ffffffffff -> ")
    assert "with --accept-changes to go on all the same" in remedy
    accepted = changes.check(ledger, spec, accept=True)
    assert accepted == [torch.strip(), data.strip()]
    assert changes.check(ledger, spec, accept=False) == []
    (noted,) = ledger.study.user_attrs[changes.ACCEPTED]
    assert noted["changes"] == accepted
    assert noted["time"].endswith("+00:00")


def test_after_other_data_was_accepted_each_trial_says_what_it_began_with(
    begun: Callable[..., tuple[Ledger, SweepSpec]],
) -> None:
    ledger, spec = begun(data={"digits": "other"})
    ledger.note("data", {"digits": "other"})
    ask(ledger, 2)
    changes.check(ledger, spec, accept=True)
    ask(ledger, 1)
    now = changes.facts(spec)["data"]["digits"]
    record = ledger.record()
    assert record.attributes["data"] == {"digits": now}
    assert [record.data(trial)["digits"] for trial in record.trials] == ["other", "other", now]
    assert record.data() == {"digits": now}
    ledger.note(changes.KEY, {**changes.facts(spec), "data": {"digits": "third"}})
    ledger.note("data", {"digits": "third"})
    changes.check(ledger, spec, accept=True)
    record = ledger.record()
    assert [record.data(trial)["digits"] for trial in record.trials] == ["other", "other", "third"]


def ask(ledger: Ledger, count: int) -> None:
    for _ in range(count):
        ledger.ask(optuna.samplers.RandomSampler(seed=0), lambda trial: {"dataset": {"name": "digits"}})


def test_a_sweep_that_noted_nothing_notes_it_when_it_goes_on(tmp_path: Path) -> None:
    spec = SweepSpec.read({"name": "toy", "dataset": "digits", "architecture": "linear"})
    ledger = Ledger.create(tmp_path, "toy", spec.describe(), spec.goals.leading)
    assert changes.check(ledger, spec, accept=False) == []
    assert ledger.study.user_attrs[changes.KEY] == changes.facts(spec)
