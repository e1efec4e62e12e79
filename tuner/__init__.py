"""How we search and train: specs, trials, searchers, schedulers, runners and the command line.

from tuner import Sweep

sweep = Sweep("digits").run()
sweep.leaderboard()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.beside import compare
    from tuner.conductor import Observer
    from tuner.errors import EveryTrialFailedError, SpecError, SweepError, TunerError, UsageError
    from tuner.finetuning import finetune
    from tuner.spec import SweepSpec
    from tuner.sweep import Sweep

__all__ = [
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

_HOMES = {
    "Observer": "tuner.conductor",
    "Sweep": "tuner.sweep",
    "SweepSpec": "tuner.spec",
    "compare": "tuner.beside",
    "finetune": "tuner.finetuning",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when first used, so that `import tuner` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'tuner' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "tuner.errors")), name)
