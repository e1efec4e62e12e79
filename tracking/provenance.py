"""Where a sweep came from: its code, its packages, its machine. No environment variable is read, no secret kept."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import psutil

from tracking.redaction import without_passwords, without_secrets

PACKAGES = ("sweepforge", "torch", "lightning", "ray", "optuna", "mlflow", "numpy")
_LONGEST_DIFF = 200_000
_PATIENCE_SECONDS = 10.0


def provenance(repository: Path) -> dict[str, str]:
    """Facts by dotted name: `git.*` of the repository (absent outside one), packages, python, machine.

    `git.diff_digest` is of the whole difference from the commit; `git.diff` is its text, up to 200,000 characters,
    with anything that looks like a secret taken out. Files that git does not know are counted, not read.
    """
    return {**_code(repository), **_packages(), **_machine()}


def commit(repository: Path) -> str:
    """The commit that a folder's repository stands at; empty outside of one."""
    return _git(repository, "rev-parse", "HEAD")


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The versions of those packages that are installed."""
    return {name: found for name in packages if (found := _version(name))}


def _code(repository: Path) -> dict[str, str]:
    if not (at := commit(repository)):
        return {}
    changed = _git(repository, "status", "--porcelain").splitlines()
    diff = _git(repository, "diff", "HEAD", "--no-ext-diff", "--no-textconv", "--no-color")
    facts = {
        "git.commit": at,
        "git.branch": _git(repository, "rev-parse", "--abbrev-ref", "HEAD"),
        "git.remote": without_passwords(_git(repository, "config", "--get", "remote.origin.url")),
        "git.dirty": str(bool(changed)).lower(),
        "git.untracked": str(sum(line.startswith("??") for line in changed)),
    }
    return {key: value for key, value in {**facts, **_difference(diff)}.items() if value}


def _difference(diff: str) -> dict[str, str]:
    if not diff:
        return {}
    text = without_secrets(diff)
    more = len(text) - _LONGEST_DIFF
    shown = text if more <= 0 else f"{text[:_LONGEST_DIFF]}\n[cut: {more} characters more]\n"
    return {"git.diff_digest": hashlib.sha256(diff.encode()).hexdigest()[:16], "git.diff": f"{shown}\n"}


def _packages() -> dict[str, str]:
    return {"python": platform.python_version(), **versions(PACKAGES)}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _machine() -> dict[str, str]:
    facts = {
        "platform": platform.platform(),
        "cpus": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
        "memory_gb": f"{psutil.virtual_memory().total / 2**30:.1f}",
    }
    gpus = _gpus()
    return {**facts, "gpus": gpus} if gpus else facts


def _gpus() -> str:
    if not shutil.which("nvidia-smi"):
        return ""
    return ", ".join(_output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines())


def _git(repository: Path, *arguments: str) -> str:
    # Without optional locks: looking must not disturb a commit that is under way.
    return _output("git", "--no-optional-locks", "-C", str(repository), *arguments)


def _output(*command: str) -> str:
    """What a command prints; empty if it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_PATIENCE_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip()
