"""What there is to run on, and how many trials fit."""

from __future__ import annotations

import os

from search_spaces.problems import Problem
from tuner.errors import SpecError
from tuner.spec import SweepSpec


def workers(spec: SweepSpec, address: str | None, runner: str) -> int:
    """How many trials run at once: as asked, or as many as fit; refuses what the machine or the cluster has not got."""
    if address is not None and runner != "inline":
        where, (cpus, gpus) = f"the cluster at {address}", _cluster_has(address)
    else:
        where, cpus, gpus = "this machine", available_cpus(), available_gpus() if spec.resources.gpus else 0
    at_once = 1 if runner == "inline" else spec.resources.workers
    if problems := _shortages(spec, at_once or 1, cpus, gpus):
        raise SpecError(problems, where)
    return at_once or _fitting(spec, cpus, gpus)


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
