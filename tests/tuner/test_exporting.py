"""Registered models as files: they give what the network gives on real samples, or are not written."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from search_spaces.datasets.digits import Digits
from search_spaces.datasets.table import Table
from tuner import exporting
from tuner.assignment import Assignment
from tuner.commands import app
from tuner.errors import UsageError
from tuner.export_formats import difference, onnx_runner
from tuner.exporting import export
from tuner.home import Home
from tuner.loaded import loaded

pytest.importorskip("onnxscript", reason="sweepforge[export] is not installed")
pytest.importorskip("onnxruntime", reason="sweepforge[export] is not installed")

pytestmark = pytest.mark.slow

MLP = {"name": "mlp", "width": 32, "depth": 2}
Register = Callable[..., Assignment]


@pytest.mark.filterwarnings("ignore:.torch.jit.load. is deprecated:DeprecationWarning")
def test_every_format_gives_the_networks_outputs_in_batches_of_any_size(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), MLP)
    files = {kind: tmp_path / f"m.{kind}" for kind in ("onnx", "pt2", "torchscript")}
    written = export("m@champion", files)

    x = Digits().build().test.x
    with loaded("m", Home.at()) as model, torch.no_grad():
        wanted = model.network(x)
    runs = {
        "onnx": onnx_runner(files["onnx"]),
        "pt2": torch.export.load(files["pt2"]).module(),
        "torchscript": torch.jit.load(files["torchscript"]),
    }
    for it in written:
        torch.testing.assert_close(runs[it.format](x), wanted, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(runs[it.format](x[:1]), wanted[:1], atol=1e-5, rtol=1e-5)
        assert it.difference < 1e-5
        assert it.megabytes == it.file.stat().st_size / 1e6
    assert sorted(it.name for it in tmp_path.iterdir()) == ["home", "m.onnx", "m.pt2", "m.torchscript"]


def test_eight_bits_make_it_smaller_and_say_what_that_costs(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), {"name": "mlp", "width": 256, "depth": 2})
    [written] = export("m", {"int8": tmp_path / "m.onnx"})

    data, run = Digits().build().validation, onnx_runner(tmp_path / "m.onnx")
    accuracy = (run(data.x).argmax(1) == data.y).float().mean().item()
    assert written.figures is not None
    assert written.figures["val/accuracy after"] == pytest.approx(accuracy)
    assert written.figures["MB after"] == written.megabytes < written.figures["MB before"] / 2
    with loaded("m", Home.at()) as model, torch.no_grad():
        before = (model.network(data.x).argmax(1) == data.y).float().mean().item()
    assert written.figures["val/accuracy before"] == pytest.approx(before)
    assert "val/accuracy before" in str(written)


def test_eight_bits_need_the_data_to_be_judged(register: Register, tmp_path: Path) -> None:
    choice = Table.example(tmp_path)
    register("m", choice, MLP)
    choice.file.write_text("other\n1\n")
    from tuner.datasets import _read_data

    _read_data.cache_clear()
    with pytest.raises(UsageError, match=r"the data that m/1 was trained on cannot be read here: .* no column 'sold'"):
        export("m", {"int8": tmp_path / "m.onnx"})
    # without it, the samples that are kept with the model do
    [written] = export("m", {"onnx": tmp_path / "m.onnx"})
    assert written.difference < 1e-5


class Forgetful(nn.Module):
    """Takes another way for a batch of one than for others."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1)[:, :3] * (2.0 if x.shape[0] == 1 else 1.0)


def test_a_file_that_gives_other_outputs_is_not_left_behind(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register("m", Digits(), MLP)
    monkeypatch.setattr("tuner.loaded.network_of", lambda folder, trust_code: (Forgetful(), register.args))
    monkeypatch.setattr("tuner.loaded.Loaded.samples", lambda self, count: Digits().build().test.x[:count])
    with pytest.raises(UsageError, match=r"m/1 as torchscript gives outputs that differ by .* no file was written"):
        export("m", {"torchscript": tmp_path / "m.pt"})
    assert [it.name for it in tmp_path.iterdir()] == ["home"]


def test_what_is_not_installed_is_said_with_the_remedy(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else find(name))
    with pytest.raises(UsageError, match=r"onnxscript is needed .* pip install 'sweepforge\[export\]'"):
        export("m", {"onnx": tmp_path / "m.onnx"})


def test_the_command_wants_a_format(home: Path) -> None:
    with pytest.raises(UsageError, match="say what to write: --onnx FILE"):
        app()(["export", "m"], standalone_mode=False)


def test_the_command_tells_what_it_wrote(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register("m", Digits(), MLP)
    app()(["export", "m@champion", "--onnx", str(tmp_path / "m.onnx")], standalone_mode=False)
    assert f"onnx: {tmp_path / 'm.onnx'}, 0.0" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_refused(register: Register, tmp_path: Path) -> None:
    register("m", Digits(), MLP)
    with pytest.raises(UsageError, match=r"nowhere"):
        export("m", {"pt2": tmp_path / "nowhere" / "m.pt2"})


def test_differences_are_measured_against_the_largest_output() -> None:
    network = nn.Identity()
    samples = torch.full((7, 1), 50.0)
    assert difference(network, lambda x: x + 1, samples) == pytest.approx(1 / 50)
    assert difference(network, lambda x: x + 1, samples / 100) == pytest.approx(1)
    assert exporting.TOLERANCE == 1e-4
