"""A registered version behind `mlflow models serve`: what it answers is what the network gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from search_spaces.datasets.digits import Digits
from search_spaces.datasets.text import Text
from tuner.assignment import Assignment
from tuner.home import Home
from tuner.loaded import loaded

Register = Callable[..., Assignment]
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def serve(home: Path, start_process: Start, free_port: Callable[[], int]) -> Callable[[str], str]:
    """Serves a model by its name; returns the address."""

    def served(model: str) -> str:
        address = f"http://127.0.0.1:{(port := free_port())}"
        arguments = ["models", "serve", "-m", f"models:/{model}", "--env-manager", "local", "-p", str(port)]
        environment = os.environ | {
            "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",  # a served model of ours needs none
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        start_process([sys.executable, "-m", "mlflow", *arguments, "-h", "127.0.0.1"], environment, ready(address))
        return address

    return served


def ready(address: str) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/ping", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    return answers


def posted(address: str, body: str) -> Any:
    request = urllib.request.Request(f"{address}/invocations", body.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return np.array(json.load(answer)["predictions"])


def given(model: str, x: torch.Tensor) -> Any:
    with loaded(model, Home.at()) as found, torch.no_grad():
        return found.network(x).numpy()


@pytest.mark.slow
def test_a_served_version_answers_its_example_and_real_samples(
    register: Register, home: Path, serve: Callable[[str], str]
) -> None:
    register("digits", Digits(), {"name": "vit", "width": 32, "depth": 1, "heads": 2, "patch": 4})
    address, x = serve("digits@champion"), Digits().build().test.x

    [example] = home.rglob("serving_input_example.json")
    np.testing.assert_allclose(posted(address, example.read_text()), given("digits", x[:2]), atol=1e-5)
    for size in (1, 2, 7, 100):
        body = json.dumps({"inputs": x[:size].tolist()})
        np.testing.assert_allclose(posted(address, body), given("digits", x[:size]), atol=1e-5)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        posted(address, json.dumps({"inputs": x[:2, :, :4].tolist()}))


def test_texts_are_answered_as_whole_numbers(register: Register, home: Path, tmp_path: Path) -> None:
    # what the server does with a request, without its process
    from mlflow.pyfunc import load_model
    from mlflow.pyfunc.scoring_server import invocations

    choice = Text.example(tmp_path)
    register("texts", choice, {"name": "gru", "hidden": 8, "embedding": 8})
    [file] = home.rglob("MLmodel")
    model, x = load_model(str(file.parent)), choice.build().test.x[:5]
    body = json.dumps({"inputs": x.tolist()})
    answer = invocations(body, "application/json", model, model.metadata.get_input_schema())
    assert answer.status == 200
    np.testing.assert_allclose(json.loads(answer.response)["predictions"], given("texts", x), atol=1e-5)
