"""Records every training of a few small spaces, as tasks for `search_quality.py` that need no data but scikit-learn's.

    python benchmarks/tasks/record.py [TASK ...]

Each task is a network, a data set and a full grid of settings. Every point of the grid is trained once, in plain torch
on one thread, for 27 epochs; kept are the validation value after each epoch and the processor seconds of the whole
training. About an hour of processor for all.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn import datasets
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
EPOCHS = 27
SEED = 0

Setting = dict[str, Any]
Data = tuple[Tensor, Tensor, Tensor, Tensor]
"""Training and validation inputs, then their targets."""

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}
RATES = [1e-4, 4e-4, 1.6e-3, 6.4e-3, 2.6e-2, 0.1, 0.4, 1.6]
MLP = {
    "lr": RATES,
    "width": [8, 16, 32, 64, 128],
    "depth": [1, 2, 3],
    "batch_size": [16, 64, 256],
    "dropout": [0.0, 0.2, 0.5],
    "optimizer": ["sgd", "adam"],
}
GRU = {
    "lr": RATES,
    "hidden": [8, 16, 32, 64],
    "layers": [1, 2],
    "batch_size": [64, 256],
    "clip": [0.1, 1.0, 10.0],
    "optimizer": ["sgd", "adam"],
}
AUTOENCODER = {
    "lr": RATES,
    "width": [16, 32, 64, 128],
    "code": [4, 16],
    "activation": ["relu", "tanh", "silu"],
    "batch_size": [32, 256],
    "noise": [0.0, 0.3],
    "optimizer": ["sgd", "adam"],
}
CONVNET = {
    "lr": RATES,
    "channels": [4, 8, 16],
    "kernel": [3, 5],
    "pooling": ["max", "avg"],
    "activation": ["relu", "tanh"],
    "batch_size": [64, 256],
    "weight_decay": [0.0, 1e-3, 1e-1],
}


@dataclass(frozen=True)
class Family:
    """One task: what is trained, on what, and how it is judged.

    Attributes:
        axes: The values of each setting; those given as numbers are ordered.
        build: The network of a setting.
        data: The data set.
        loss: What is made small, of outputs [n, ...] and targets [n].
        value: What is recorded, of the same.
        maximize: Whether large values are good.
    """

    axes: dict[str, list[Any]]
    build: Callable[[Setting], nn.Module]
    data: Callable[[], Data]
    loss: Callable[[Tensor, Tensor], Tensor]
    value: Callable[[Tensor, Tensor], Tensor]
    maximize: bool

    def settings(self) -> Iterator[Setting]:
        """Every point of the grid, the last axis fastest."""
        return (dict(zip(self.axes, point, strict=True)) for point in itertools.product(*self.axes.values()))


def mlp(inputs: int, outputs: int) -> Callable[[Setting], nn.Module]:
    """Hidden layers of equal width, with ReLU and dropout."""

    def build(setting: Setting) -> nn.Module:
        widths = [inputs] + [setting["width"]] * setting["depth"]
        hidden = [
            layer
            for before, after in itertools.pairwise(widths)
            for layer in (nn.Linear(before, after), nn.ReLU(), nn.Dropout(setting["dropout"]))
        ]
        return nn.Sequential(*hidden, nn.Linear(widths[-1], outputs), *([nn.Flatten(0)] if outputs == 1 else []))

    return build


def convnet(setting: Setting) -> nn.Module:
    """Two convolutions, each pooled, for images of 8 x 8 pixels in 10 classes."""
    channels, kernel = setting["channels"], setting["kernel"]
    act = ACTIVATIONS[setting["activation"]]
    pool = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}[setting["pooling"]]
    first = nn.Conv2d(1, channels, kernel, padding="same")
    second = nn.Conv2d(channels, 2 * channels, kernel, padding="same")
    image = nn.Unflatten(1, (1, 8, 8))
    return nn.Sequential(
        image, first, act(), pool(2), second, act(), pool(2), nn.Flatten(), nn.Linear(8 * channels, 10)
    )


class Gru(nn.Module):
    """Reads an image of 8 x 8 pixels a row a step, and tells its class after the last."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.rows = nn.GRU(8, setting["hidden"], setting["layers"], batch_first=True)
        self.head = nn.Linear(setting["hidden"], 10)

    def forward(self, x: Tensor) -> Tensor:
        """[n, 64] -> [n, 10]."""
        states, _ = self.rows(x.unflatten(1, (8, 8)))
        found: Tensor = self.head(states[:, -1])
        return found


class Noise(nn.Module):
    """Adds normal noise while training."""

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return x + self.deviation * torch.randn_like(x) if self.training else x


def autoencoder(setting: Setting) -> nn.Module:
    """A hidden layer, a short code, a hidden layer: 64 pixels in and out."""
    width, code, act = setting["width"], setting["code"], ACTIVATIONS[setting["activation"]]
    halves = [[nn.Linear(64, width), act(), nn.Linear(width, code)], [nn.Linear(code, width), act()]]
    return nn.Sequential(Noise(setting["noise"]), *halves[0], *halves[1], nn.Linear(width, 64))


def table(load: Callable[..., Any], target: torch.dtype) -> Callable[[], Data]:
    """A data set of scikit-learn's: inputs standardised, a third for validation."""

    def data() -> Data:
        x, y = load(return_X_y=True)
        if target.is_floating_point:
            y = (y - y.mean()) / y.std()
        parts = train_test_split(x, y, test_size=1 / 3, random_state=SEED)
        mean, deviation = parts[0].mean(axis=0), parts[0].std(axis=0) + 1e-6
        inputs = [torch.tensor((part - mean) / deviation, dtype=torch.float32) for part in parts[:2]]
        return inputs[0], inputs[1], torch.tensor(parts[2], dtype=target), torch.tensor(parts[3], dtype=target)

    return data


def patches() -> Data:
    """Grey patches of 8 x 8 pixels from scikit-learn's photographs, each its own target; a third for validation."""
    rng = np.random.default_rng(SEED)
    greys = [image.mean(axis=2) for image in datasets.load_sample_images().images]
    places = rng.integers(0, [len(greys), greys[0].shape[0] - 8, greys[0].shape[1] - 8], size=(3000, 3))
    found = np.array([greys[which][row : row + 8, column : column + 8].ravel() for which, row, column in places])
    found = (found - found.mean()) / found.std()
    train, held_out = (torch.tensor(part, dtype=torch.float32) for part in (found[:2000], found[2000:]))
    return train, held_out, train, held_out


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of the right classes."""
    return (outputs.argmax(dim=1) == targets).float().mean()


CLASSES = nn.functional.cross_entropy
SQUARES = nn.functional.mse_loss
FAMILIES = {
    "digits_mlp": Family(MLP, mlp(64, 10), table(datasets.load_digits, torch.long), CLASSES, accuracy, maximize=True),
    "cancer_mlp": Family(
        MLP, mlp(30, 2), table(datasets.load_breast_cancer, torch.long), CLASSES, CLASSES, maximize=False
    ),
    "diabetes_mlp": Family(
        MLP, mlp(10, 1), table(datasets.load_diabetes, torch.float32), SQUARES, SQUARES, maximize=False
    ),
    "digits_convnet": Family(
        CONVNET, convnet, table(datasets.load_digits, torch.long), CLASSES, accuracy, maximize=True
    ),
    "digits_gru": Family(GRU, Gru, table(datasets.load_digits, torch.long), CLASSES, accuracy, maximize=True),
    "patches_autoencoder": Family(AUTOENCODER, autoencoder, patches, SQUARES, SQUARES, maximize=False),
}


def optimizer_of(network: nn.Module, setting: Setting) -> torch.optim.Optimizer:
    """SGD with momentum, or Adam; with decoupled weight decay where the space has it."""
    if "weight_decay" in setting:
        return torch.optim.AdamW(network.parameters(), setting["lr"], weight_decay=setting["weight_decay"])
    if setting["optimizer"] == "adam":
        return torch.optim.Adam(network.parameters(), setting["lr"])
    return torch.optim.SGD(network.parameters(), setting["lr"], momentum=0.9)


def trained(family: Family, setting: Setting, data: Data) -> tuple[list[float], float]:
    """The value after each epoch, NaN from where the training has diverged, and the seconds of processor."""
    x, held_out, y, held_out_y = data
    torch.manual_seed(SEED)
    network = family.build(setting)
    optimizer = optimizer_of(network, setting)
    began, curve = time.process_time(), []
    for _ in range(EPOCHS):
        network.train()
        for batch in torch.randperm(len(x)).split(setting["batch_size"]):
            optimizer.zero_grad()
            family.loss(network(x[batch]), y[batch]).backward()
            if "clip" in setting:
                nn.utils.clip_grad_norm_(network.parameters(), setting["clip"])
            optimizer.step()
        network.eval()
        with torch.no_grad():
            outputs = network(held_out)
            curve.append(float(family.value(outputs, held_out_y)) if outputs.isfinite().all() else math.nan)
    return curve, time.process_time() - began


def record(name: str) -> None:
    """Train a whole grid, and keep it beside this file."""
    family = FAMILIES[name]
    data = family.data()
    found = [trained(family, setting, data) for setting in family.settings()]
    curves, seconds = (np.array(part, dtype=np.float32) for part in zip(*found, strict=True))
    about = {"axes": json.dumps(family.axes), "maximize": family.maximize}
    np.savez_compressed(HERE / f"{name}.npz", curves=curves, seconds=seconds, **about)
    print(f"{name}: {len(found)} trainings, {seconds.sum():.0f} seconds of processor", flush=True)


def main() -> None:
    """Record what is named, or everything."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or FAMILIES:
        record(name)


if __name__ == "__main__":
    main()
