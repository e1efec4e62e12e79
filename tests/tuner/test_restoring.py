"""What comes back from a model's folder, and what is refused before it is loaded."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml

from search_spaces.datasets.digits import Digits
from tracking.models import NETWORK, WEIGHTS
from tracking.registry import ModelName, Registry
from tuner.assignment import Assignment
from tuner.errors import UsageError
from tuner.restoring import ForeignCodeError, network_of, refuse_foreign_code


@pytest.fixture
def folder(register: Callable[..., Assignment], home: Path, tmp_path: Path) -> Path:
    """The files of a small registered network."""
    register("digit-classifier", Digits(), {"name": "mlp", "width": 8, "depth": 1})
    registry = Registry(f"sqlite:///{home / 'mlflow.db'}")
    return registry.fetch(registry.find(ModelName("digit-classifier")), tmp_path / "fetched")


def edit(path: Path, change: Callable[[dict], None]) -> None:
    """Change the YAML, or JSON, in a file."""
    data = yaml.safe_load(path.read_text())
    change(data)
    path.write_text(json.dumps(data) if path.suffix == ".json" else yaml.safe_dump(data))


def test_a_network_comes_back_with_its_weights_and_how_it_was_trained(folder: Path) -> None:
    network, assignment = network_of(folder)
    kept = torch.load(folder / WEIGHTS, weights_only=True)
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())
    assert assignment.choices["architecture"]["width"] == 8
    assert (assignment.folder, assignment.import_paths, assignment.start_from) == (Path(), (), None)
    with torch.no_grad():
        assert network(torch.rand(3, 1, 8, 8)).shape == (3, 10)


def test_a_loader_of_its_own_is_refused_before_anything_is_loaded(folder: Path) -> None:
    def change(model: dict) -> None:
        model["flavors"]["python_function"]["loader_module"] = "evil.loader"

    edit(folder / "MLmodel", change)
    (folder / WEIGHTS).unlink()  # would be missed if it were looked for
    with pytest.raises(ForeignCodeError, match=r"loader of its own \(evil.loader\).*--trust-code"):
        network_of(folder)


def test_code_in_the_model_is_refused(folder: Path) -> None:
    edit(folder / "MLmodel", lambda model: model["flavors"]["pytorch"].update(code="code"))
    with pytest.raises(ForeignCodeError, match=r"code of its own \(pytorch: code\)"):
        refuse_foreign_code(folder)


def test_a_pickled_network_is_refused(folder: Path) -> None:
    (folder / "data" / "model.pth").write_bytes(b"")
    with pytest.raises(ForeignCodeError, match="a pickled network"):
        refuse_foreign_code(folder)


def test_a_module_by_import_path_is_refused_unless_trusted(folder: Path) -> None:
    def change(kept: dict) -> None:
        kept["assignment"]["choices"]["architecture"] = {"name": "Net", "module": "no_such_package:Net"}
        kept["network"] = None

    edit(folder / NETWORK, change)
    with pytest.raises(ForeignCodeError, match=r"by import path \(no_such_package:Net\)"):
        network_of(folder)
    with pytest.raises(ValueError, match="cannot import 'no_such_package'"):
        network_of(folder, trust_code=True)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    edit(folder / NETWORK, lambda kept: kept["assignment"]["choices"]["architecture"].update(width=16))
    with pytest.raises(UsageError, match="do not fit its network"):
        network_of(folder)


def test_weights_that_are_a_pickle_of_something_else_are_not_run(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (folder / "ran",)

    torch.save(Evil(), folder / WEIGHTS)
    with pytest.raises(UsageError, match="holds more than numbers: it is not loaded"):
        network_of(folder)
    assert not (folder / "ran").exists()


def test_a_model_that_was_kept_elsewhere_is_refused_in_one_line(folder: Path) -> None:
    (folder / NETWORK).unlink()
    with pytest.raises(UsageError, match=r"no readable extra_files/network.json") as refused:
        network_of(folder)
    assert "\n" not in str(refused.value)
