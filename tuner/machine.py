"""What there is to run on, and how many trials fit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from search_spaces.problems import Problem
from tuner.errors import SpecError, UsageError
from tuner.spec import SweepSpec


def workers(spec: SweepSpec, address: str | None, runner: str) -> int:
    """How many trials run at once: as asked, or as many as fit; refuses what the machine or the cluster has not got."""
    where, cpus, gpus = _place(spec, address, runner)
    at_once = 1 if runner == "inline" else spec.resources.workers
    if problems := _shortages(spec, at_once or 1, cpus, gpus):
        raise SpecError(problems, where)
    return at_once or _fitting(spec, cpus, gpus)


def check_workers(spec: SweepSpec, at_once: int, address: str | None = None, runner: str = "ray") -> None:
    """Refuse so many trials at once if they do not fit."""
    if runner == "inline":
        raise UsageError("the sweep runs inline, one trial after another: only on Ray there are several workers")
    where, cpus, gpus = _place(spec, address, runner)
    if problems := _shortages(spec, at_once, cpus, gpus):
        raise SpecError(problems, where)


def _place(spec: SweepSpec, address: str | None, runner: str) -> tuple[str, float, float]:
    """Where trials run, and the CPUs and GPUs that are there."""
    if address is not None and runner != "inline":
        return f"the cluster at {address}", *_cluster_has(address)
    return "this machine", available_cpus(), available_gpus() if spec.resources.gpus else 0


def import_paths() -> tuple[str, ...]:
    """Where this process finds a user's own modules: the current folder, and what they put on the path by hand."""
    asked = [str(Path.cwd()), *os.environ.get("PYTHONPATH", "").split(os.pathsep), sys.path[0]]
    return tuple(dict.fromkeys(str(Path(path).absolute()) for path in asked if path and Path(path).is_dir()))


def available_cpus() -> int:
    """The CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_gpus() -> int:
    """The GPUs torch sees."""
    import torch

    return torch.cuda.device_count()


def _shortages(spec: SweepSpec, at_once: int, cpus: float, gpus: float) -> list[Problem]:
    problems = []
    for key, each, there in (("cpus", spec.resources.cpus, cpus), ("gpus", spec.resources.gpus, gpus)):
        if each > there:
            problems.append(Problem(f"resources.{key}", f"a trial asks for {each:g}, there are {there:g}"))
        elif each * at_once > there:
            message = f"{at_once} workers with {each:g} {key} each need {each * at_once:g}, there are {there:g}"
            problems.append(Problem("resources.workers", f"{message}: at most {int(there // each)} fit"))
    return problems


def _fitting(spec: SweepSpec, cpus: float, gpus: float) -> int:
    fit = cpus // spec.resources.cpus
    if spec.resources.gpus:
        fit = min(fit, gpus // spec.resources.gpus)
    return max(1, min(int(fit), spec.trials))


def _cluster_has(address: str) -> tuple[float, float]:
    from tuner.runners import on_ray

    return on_ray.cluster_has(address)
