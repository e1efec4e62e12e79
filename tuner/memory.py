"""How much memory a trial takes at its peak."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import torch

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


class PeakMemory:
    """The peak since it was made: of the accelerator if one is used, else of this process.

    Where the system cannot forget an earlier peak (not Linux), the process's peak since its start is given.
    """

    def __init__(self, gpu: bool) -> None:
        self._gpu = gpu and torch.cuda.is_available()
        if self._gpu:
            torch.cuda.reset_peak_memory_stats()
        elif _CLEAR.exists():
            _CLEAR.write_text("5")  # 5 resets the high-water mark, see proc(5)

    def megabytes(self) -> float:
        """The peak so far, in MB of 10**6 bytes."""
        if self._gpu:
            return torch.cuda.max_memory_allocated() / 1e6
        if _STATUS.exists():
            line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
            return int(line.split()[1]) * 1024 / 1e6
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
