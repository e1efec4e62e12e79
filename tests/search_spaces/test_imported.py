import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import FixedTrial

from search_spaces.dimensions import Among, Between
from search_spaces.problems import Problems
from search_spaces.space import Space, realise

SOURCE = '''
import lightning.pytorch as L

class Net(L.LightningModule):
    """A user's network."""
    def __init__(self, width: int, rate: float = 1, kind="a", name: str = "x", layers=(1, 2), late: float = None):
        super().__init__()
        self.given = (width, rate, kind)

class Open(L.LightningModule):
    def __init__(self, width=1, **others):
        super().__init__()
        self.others = others

class Named(L.LightningModule):
    def __init__(self, name):
        super().__init__()

class Numbers(L.LightningDataModule):
    def __init__(self, size: int = 3):
        super().__init__()
        self.size = size

class Plain:
    pass
'''


@pytest.fixture(autouse=True)
def users_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "users_nets.py").write_text(SOURCE)
    (tmp_path / "users_broken.py").write_text("x = 1 / 0")
    (tmp_path / "users_syntax.py").write_text("def :")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("users_")]:
        del sys.modules[name]


def problem_of(slot: str, **raw: Any) -> tuple[str, str]:
    with pytest.raises(Problems) as caught:
        Space.read({slot: raw})
    (problem,) = caught.value.problems
    return problem.path, problem.message


def test_arguments_of_init_become_settings_with_ranges() -> None:
    raw = {
        "module": "users_nets:Net",
        "width": {"low": 8, "high": 64},
        "rate": {"low": 0, "high": 1},
        "kind": ["a", "b"],
    }
    assert Space.read({"architecture": raw}).parameters() == {
        "architecture.Net.width": Between(8, 64),
        "architecture.Net.rate": Between(0.0, 1.0),  # annotated as a float
        "architecture.Net.kind": Among("a", "b"),
    }


def test_a_drawn_module_is_built_with_what_was_given() -> None:
    space = Space.read({"architecture": {"module": "users_nets:Net", "width": [8, 16], "kind": "c"}})
    chosen = space.suggest(FixedTrial({"architecture.Net.width": 16}))["architecture"]
    assert chosen == {"name": "Net", "module": "users_nets:Net", "width": 16, "kind": "c"}
    again = realise("architecture", json.loads(json.dumps(chosen)))
    assert again.describe() == chosen
    assert again.build().given == (16, 1, "c")  # type: ignore[attr-defined]


def test_the_users_own_defaults_stay_its_own() -> None:
    space = Space.read({"dataset": {"module": "users_nets:Numbers"}})
    chosen = space.suggest(FixedTrial({}))["dataset"]
    assert chosen == {"name": "Numbers", "module": "users_nets:Numbers"}
    assert realise("dataset", chosen).build().size == 3  # type: ignore[attr-defined]


def test_the_plain_data_of_a_module_is_what_travels() -> None:
    chosen = Space.read({"dataset": {"module": "users_nets:Numbers", "size": 5}}).suggest(FixedTrial({}))
    assert pickle.loads(pickle.dumps(chosen)) == chosen


def test_an_unknown_argument_suggests_the_nearest() -> None:
    where, message = problem_of("architecture", module="users_nets:Net", width=3, knid="b")
    assert where == "architecture.knid"
    assert message == "Net has no setting of that name; did you mean 'kind'?"


def test_a_missing_argument_is_named() -> None:
    assert problem_of("architecture", module="users_nets:Net") == ("architecture.width", "must be given")


def test_a_class_that_takes_any_keyword_gets_it() -> None:
    space = Space.read({"architecture": {"module": "users_nets:Open", "extra": [1, 2]}})
    chosen = space.suggest(FixedTrial({"architecture.Open.extra": 2}))["architecture"]
    assert realise("architecture", chosen).build().others == {"extra": 2}  # type: ignore[attr-defined]


def test_an_argument_whose_name_is_taken_cannot_be_set() -> None:
    where, message = problem_of("architecture", module="users_nets:Named")
    assert where == "architecture.module"
    assert "needs the argument 'name', a name that is taken here: give it a default" in message
    assert problem_of("architecture", module="users_nets:Net", width=1, name="y")[0] == "architecture.name"


@pytest.mark.parametrize(
    ("slot", "module", "message"),
    [
        ("architecture", "users_nets:Plain", "must be a lightning.pytorch LightningModule, it derives from object"),
        ("architecture", "users_nets:Numbers", "must be a lightning.pytorch LightningModule"),
        ("dataset", "users_nets:Net", "must be a lightning.pytorch LightningDataModule"),
        ("architecture", "builtins:object", "must be a lightning.pytorch LightningModule"),
        ("architecture", "users_nets:Nett", "has no class 'Nett'; did you mean 'Net'?"),
        ("architecture", "users_nest:Net", "cannot import 'users_nest'"),
        ("architecture", "users_broken:Net", "importing 'users_broken' raised ZeroDivisionError: division by zero"),
        ("architecture", "users_syntax:Net", "importing 'users_syntax' raised SyntaxError"),
        ("architecture", "users_nets", "is written 'package.module:Class', got 'users_nets'"),
        ("architecture", ["users_nets:Net"], "is written 'package.module:Class'"),
        ("optimizer", "users_nets:Net", "only architecture and dataset take a module"),
    ],
)
def test_an_import_path_that_leads_to_nothing_usable_says_why(slot: str, module: Any, message: str) -> None:
    where, found = problem_of(slot, module=module)
    assert where == f"{slot}.module"
    assert message in found


def test_two_classes_of_one_name_cannot_be_told_apart() -> None:
    with pytest.raises(Problems, match="architecture: names 'Net' 2 times"):
        Space.read({"architecture": [{"module": "users_nets:Net", "width": width} for width in (1, 2)]})
