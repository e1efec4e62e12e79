"""What can go wrong, as a tree.

TunerError
├── UsageError            wrong before anything ran: the command line exits with 2
│   ├── SpecError         a spec, an override or an option; every problem at once
│   └── SweepError        a sweep's name is taken, unknown, or its ledger is in use
├── TrialError            a trial cannot go on; it becomes FAIL with this as its cause
│   ├── MetricError       the objective is never reported
│   └── HungError         no epoch ends; it is tried again from its newest checkpoint first
└── EveryTrialFailedError the sweep ended without a single result: the command line exits with 1
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from search_spaces.problems import Problem


class TunerError(Exception):
    """Anything this package raises on purpose; its text is one line for the user."""


class UsageError(TunerError):
    """Something is wrong with what was asked for."""


class SpecError(UsageError):
    """Everything that is wrong with a spec, a line each."""

    def __init__(self, problems: Sequence[Problem], source: str = "spec") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}: {problem}" for problem in self.problems))


class SweepError(UsageError):
    """A sweep that cannot be started, opened or driven."""


class TrialError(TunerError):
    """A trial cannot go on."""


class MetricError(TrialError):
    """The objective is not among the reported metrics."""


class HungError(TrialError):
    """No epoch of a trial ends."""


class EveryTrialFailedError(TunerError):
    """No trial gave a result."""


NO_GPU_MEMORY = re.compile(r"CUDA out of memory|CUDA error: out of memory|(CUBLAS|CUDNN)_STATUS_ALLOC_FAILED")
NO_MEMORY = re.compile(r"DefaultCPUAllocator: (can't|not enough)")
SMALLER = "ran out of memory: take a smaller training.batch_size, or a smaller network"


def cause_of(error: BaseException) -> str:
    """An error as one line: its kind and the first line of its text; what ran out of memory in plain words."""
    if _without_gpu_memory(error):
        return f"the GPU {SMALLER}"
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        return f"the process {SMALLER}"
    text = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _without_gpu_memory(error: BaseException) -> bool:
    """Whether torch says so, be it by the class of its error, known by name here, or by its text."""
    return type(error).__name__ == "OutOfMemoryError" or bool(NO_GPU_MEMORY.search(str(error)))
