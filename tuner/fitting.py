"""What only the data can tell: whether the networks, losses and augmentations of a spec suit what was read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, cast

from search_spaces import plugins
from search_spaces.choice import Architecture, Augmentation, Loss
from search_spaces.data import Data
from search_spaces.imported import Imported
from search_spaces.problems import Problem
from search_spaces.shape import Shape
from search_spaces.space import SLOTS, Branch
from tuner import judging
from tuner.datasets import read_data
from tuner.errors import SpecError, cause_of
from tuner.reported import MEASURED, OF_TASK
from tuner.spec import SweepSpec

Taker = type[Architecture] | type[Augmentation]


def check(spec: SweepSpec) -> None:
    """Read every data set, at its first values, and refuse a spec that does not fit it; every problem at once."""
    found = [problem for dataset in _branches(spec, "dataset") for problem in _problems(spec, dataset)]
    found += _missing(spec)
    if found:
        raise SpecError(list(dict.fromkeys(found)), spec.name or "spec")


def _branches(spec: SweepSpec, slot: str) -> list[Branch]:
    """The platform's own choices in a slot: nothing is known of a user's."""
    return [branch for branch in spec.space.slots.get(slot, ()) if not issubclass(branch.kind, Imported)]


def _problems(spec: SweepSpec, dataset: Branch) -> Iterator[Problem]:
    try:
        data = read_data(dataset.kind(**dataset.first()).describe())
    except (ValueError, OSError) as error:
        text = cause_of(error) if isinstance(error, OSError) else str(error).split("\n")[0]
        yield Problem(f"dataset.{dataset.name}", text)
        return
    networks = [cast(type[Architecture], branch.kind) for branch in _branches(spec, "architecture")]
    supervised = [network.learning == "supervised" for network in networks]
    yield from _kinds(spec, dataset.name, data)
    yield from _sides(networks, dataset.name, data)
    yield from _oversampling(spec, dataset.name, data)
    if any(supervised):
        yield from _losses(spec, dataset.name, data)
    if supervised and all(supervised):
        yield from _objective(spec, dataset.name, data)


def _kinds(spec: SweepSpec, dataset: str, data: Data) -> Iterator[Problem]:
    """Networks and augmentations for other kinds of samples."""
    kind = data.inputs.kind
    for slot in ("architecture", "augmentation"):
        for branch in _branches(spec, slot):
            taker = cast(Taker, branch.kind)
            if kind not in taker.fits:
                text = f"takes samples of kind {' or '.join(taker.fits)}, those of {dataset} are {kind}"
                yield Problem(f"{slot}.{branch.name}", f"{text}; {_known(slot, _like(taker, data.inputs))}")


def _missing(spec: SweepSpec) -> Iterator[Problem]:
    """Libraries that are not installed."""
    for branch in _branches(spec, "architecture"):
        if text := cast(Architecture, branch.kind(**branch.first())).missing():
            yield Problem(f"architecture.{branch.name}", text)


def _sides(networks: list[type[Architecture]], dataset: str, data: Data) -> Iterator[Problem]:
    """Networks for larger images, whatever their settings."""
    if data.inputs.kind != "image":
        return
    _, height, width = data.inputs
    for network in networks:
        if "image" in network.fits and min(height, width) < (least := _smallest(network)):
            text = f"takes images of at least {least} x {least} pixels, those of {dataset} have {height} x {width}"
            known = _known("architecture", _like(network, data.inputs))
            yield Problem(f"architecture.{network.key()}", f"{text}; {known}")


def _losses(spec: SweepSpec, dataset: str, data: Data) -> Iterator[Problem]:
    for branch in _branches(spec, "loss"):
        loss = cast(type[Loss], branch.kind)
        if data.task not in loss.tasks:
            text = f"is for {' and '.join(loss.tasks)}, what is learned from {dataset} is {data.task}"
            yield Problem(f"loss.{branch.name}", f"{text}; {_known('loss', lambda other: data.task in other.tasks)}")


def _objective(spec: SweepSpec, dataset: str, data: Data) -> Iterator[Problem]:
    known = ["val/loss", *(f"val/{name}" for name in OF_TASK[data.task]), "train/loss"]
    if data.task == "classification":
        known.append("train/accuracy")
    for path, metric in judging.named(spec).items():
        if metric not in (*known, *MEASURED):
            text = f"{metric!r} is not reported for {data.task}, which is learned from {dataset}"
            yield Problem(path, f"{text}; these are: {', '.join(known)}")


def _oversampling(spec: SweepSpec, dataset: str, data: Data) -> Iterator[Problem]:
    for branch in _branches(spec, "training"):
        wanted = branch.dimensions.get("oversample")
        if wanted and wanted.contains(True) and data.task != "classification":
            text = f"needs a label for each sample, what is learned from {dataset} is {data.task}; remove this key"
            yield Problem("training.oversample", text)


def _like(taker: Taker, inputs: Shape) -> Callable[[Any], bool]:
    """Whether another choice takes such samples; a network must learn in the same way too."""
    learning = getattr(taker, "learning", None)
    side = min(inputs[1:]) if inputs.kind == "image" else math.inf

    def fits(other: Any) -> bool:
        return inputs.kind in other.fits and getattr(other, "learning", None) == learning and _smallest(other) <= side

    return fits


def _known(slot: str, fits: Callable[[Any], bool]) -> str:
    """The names of a slot's choices that fit, as the end of an error."""
    names = [name for name in plugins.names(SLOTS[slot]) if fits(plugins.find(SLOTS[slot], name))]
    return f"these fit: {', '.join(names) or 'none'}"


def _smallest(network: Taker) -> int:
    """The fewest pixels a side that a network takes, whatever its settings."""
    return int(getattr(network, "smallest", 1))
