import importlib
import subprocess
import sys

import pytest

import tuner


def test_the_public_names_are_these() -> None:
    assert tuner.__all__ == [
        "EveryTrialFailedError",
        "Observer",
        "SpecError",
        "Sweep",
        "SweepError",
        "SweepSpec",
        "TunerError",
        "UsageError",
        "compare",
        "finetune",
    ]


@pytest.mark.parametrize("name", tuner.__all__)
def test_every_public_name_can_be_imported_and_has_a_docstring(name: str) -> None:
    found = getattr(importlib.import_module("tuner"), name)
    assert found.__name__ == name
    assert found.__doc__


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="'tuner' has no attribute 'Swep'"):
        _ = tuner.Swep


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, tuner; print({'torch', 'ray', 'mlflow', 'optuna', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
