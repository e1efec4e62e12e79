"""One trial: choices in, a Lightning fit, a report an epoch out. Knows neither Ray nor MLflow nor Optuna."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import lightning.pytorch as L
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging
from lightning.pytorch.utilities.model_helpers import is_overridden

from search_spaces.choice import Transfer
from search_spaces.space import realise
from tracking import checkpoints
from tracking.records import CheckpointRef, Report
from tuner import measures
from tuner.assignment import Assignment
from tuner.building import build_module, build_sources, training_of
from tuner.every_batch import EveryBatch
from tuner.every_epoch import STATE, EveryEpoch, Reporter, origin_of, out_of_patience, seed_everything
from tuner.modules.supervised import Supervised
from tuner.own_settings import OwnSettings
from tuner.own_signals import OwnSignals
from tuner.seeds import seed_of
from tuner.weights import take_over

_log = logging.getLogger(__name__)


def run(assignment: Assignment, report: Reporter, meanwhile: Callable[[], object] | None = None) -> None:
    """Train until the last epoch, or until `report` says to stop; from the newest whole checkpoint if there is one.

    Args:
        assignment: What to train.
        report: Is told of every epoch.
        meanwhile: Is called after every batch; what it raises ends the training.
    """
    settle_in(assignment)
    start = _own_start(assignment)
    if start and (not report(stored_report(start)) or _is_over(assignment, start)):
        return
    seed_everything(seed_of(assignment.seed, "weights"))
    module = build_module(assignment)
    inherited = None if start else _inherited(assignment, module)
    if not (start or inherited or _may_train(assignment, module, report)):
        return
    if not (start or inherited):
        _take_over(assignment, module)
    trainer = _trainer(
        assignment,
        max_epochs=assignment.epochs,
        callbacks=[
            *_callbacks(assignment, report),
            *([OwnSettings()] if inherited else []),
            *([EveryBatch(meanwhile)] if meanwhile else []),
        ],
        **_limits(assignment, module),
    )
    sources = build_sources(assignment, "fit")
    begin = start or inherited
    trainer.fit(module, **sources, ckpt_path=begin.path if begin else None, weights_only=True)


class Judged(NamedTuple):
    """The metrics of the test part; and of those that are means over samples, how far the samples lie apart."""

    metrics: dict[str, float]
    spreads: dict[str, float]


def test(assignment: Assignment, checkpoint: CheckpointRef) -> Judged:
    """What a checkpoint's weights come to on the test part; nothing if a user's own module does not test."""
    settle_in(assignment)
    module = build_module(assignment)
    sources = build_sources(assignment, "test")
    if not _can_test(module, **sources):
        return Judged({}, {})
    module.load_state_dict(load(checkpoint)["state_dict"])
    trainer = _trainer(assignment, callbacks=[OwnSignals()], enable_checkpointing=False)
    (metrics,) = trainer.test(module, **sources, verbose=False) or [{}]
    found = {name: float(value) for name, value in metrics.items()}
    return Judged(found, module.spreads if isinstance(module, Supervised) else {})


def load(checkpoint: CheckpointRef) -> dict[str, Any]:
    """What a checkpoint holds, on the CPU; no code in it is run."""
    found: dict[str, Any] = torch.load(checkpoint.path, map_location="cpu", weights_only=True)
    return found


def stored_report(checkpoint: CheckpointRef) -> Report:
    """The report that belongs to a checkpoint; whoever has it already ignores it."""
    state = load(checkpoint)["callbacks"][STATE]
    return Report(checkpoint.step, state["metrics"], state["seconds"], checkpoint)


def _may_train(assignment: Assignment, module: L.LightningModule, report: Reporter) -> bool:
    """Before an epoch is spent, say how large the network is, if that is constrained; whether it may train."""
    known = measures.sizes(module)
    constrained = any(constraint.metric in known for constraint in assignment.constraints)
    return not constrained or report(Report(0, known, 0.0))


def _own_start(assignment: Assignment) -> CheckpointRef | None:
    """The newest whole checkpoint of the trial's own; none if it has to begin anew, or from what it takes over."""
    own, inheritance = checkpoints.newest(assignment.folder), assignment.inheritance
    if own is None or inheritance is None:
        return own
    later = own.step > inheritance.checkpoint.step
    return own if later and load(own)["callbacks"][STATE].get("origin") == origin_of(assignment) else None


def _inherited(assignment: Assignment, module: L.LightningModule) -> CheckpointRef | None:
    """A copy of the checkpoint that the trial takes over, if it takes one over, or what stands in for it."""
    taken = assignment.inheritance
    if taken is None:
        return None
    try:
        return checkpoints.adopt(assignment.folder, taken.checkpoint)
    except FileNotFoundError as error:
        found = _stand_in(assignment.folder, taken.checkpoint, module)
        how = f"goes on from {found.path}" if found else "begins anew"
        _log.warning("trial %d: %s: it %s", assignment.number, error, how)
        return found


def _stand_in(own: Path, lost: CheckpointRef, module: L.LightningModule) -> CheckpointRef | None:
    """The trial's own newest whole checkpoint up to that epoch whose weights fit, or else that of whom it copies."""
    shapes = _shapes(module.state_dict())
    listed = [*checkpoints.listed(Path(lost.path).parents[1]), *checkpoints.listed(own)]
    there = (it for it in reversed(listed) if it.step <= lost.step and checkpoints.whole(it))
    return next((it for it in there if _shapes(load(it)["state_dict"]) == shapes), None)


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in weights.items()}


def _take_over(assignment: Assignment, module: L.LightningModule) -> None:
    """The parent's weights in place of fresh ones, if the trial starts from a parent, and its strategy from those."""
    transfer = assignment.choices.get("transfer")
    if assignment.start_from and transfer and cast(Transfer, realise("transfer", transfer)).inherits:
        take_over(cast(Supervised, module).network, Path(assignment.start_from))


def _is_over(assignment: Assignment, newest: CheckpointRef) -> bool:
    best = load(newest)["callbacks"][STATE]["best"]
    patience = training_of(assignment).patience
    return newest.step >= assignment.epochs or out_of_patience(patience, newest.step, best)


def settle_in(assignment: Assignment) -> None:
    """Take what was given and no more: threads as CPUs were allotted, and the user's folders to import from."""
    if torch.get_num_threads() != assignment.cpus:
        torch.set_num_threads(assignment.cpus)
    sys.path.extend(path for path in assignment.import_paths if path not in sys.path)
    for name in ("lightning.pytorch", "pytorch_lightning"):  # the one package's messages come under both names
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="(pytorch_)?lightning")  # hints on loader workers and logging intervals


def _can_test(module: L.LightningModule, datamodule: L.LightningDataModule | None = None, **sources: Any) -> bool:
    data = datamodule is None or is_overridden("test_dataloader", datamodule, L.LightningDataModule)
    return data and is_overridden("test_step", module, L.LightningModule)


def _callbacks(assignment: Assignment, report: Reporter) -> list[L.Callback]:
    training = training_of(assignment)
    averaging = [EMAWeightAveraging(decay=training.average)] if training.average else []
    return [OwnSignals(), *averaging, EveryEpoch(assignment, report, training.patience)]


def _limits(assignment: Assignment, module: L.LightningModule) -> dict[str, Any]:
    """The trainer's settings that belong to our own training; a user's module decides for itself."""
    training = training_of(assignment)
    if not isinstance(module, Supervised):
        return {}
    return {
        "gradient_clip_val": training.clip or None,
        "accumulate_grad_batches": training.accumulate,
        "precision": {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}[training.precision],
        "deterministic": training.deterministic or None,
    }


def _trainer(assignment: Assignment, **settings: Any) -> L.Trainer:
    return L.Trainer(
        accelerator="auto" if assignment.gpus else "cpu",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=assignment.folder,
        **settings,
    )
