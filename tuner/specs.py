"""A sweep's spec as it comes in, from a file, from Python or another sweep, and as it lies in the sweep's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tuner.home import Home
from tuner.reading import override
from tuner.spec import SweepSpec, raw_spec


def read(
    spec: str | Path | Mapping[str, Any] | SweepSpec, overrides: Sequence[str], name: str | None, home: Home
) -> SweepSpec:
    """The whole spec, checked; `name` goes before its own.

    Raises:
        SpecError: With all that is wrong with it.
    """
    if isinstance(spec, str | Path):
        raw, source = raw_spec(spec, overrides, name), str(spec)
    else:
        raw = override(spec.describe() if isinstance(spec, SweepSpec) else spec, overrides)
        raw, source = {**raw, **({"name": name} if name else {})}, "spec"
    # A spec that was read has its parent's network already, and a sweep that exists must not need the parent.
    if raw.get("start_from") and not isinstance(spec, SweepSpec):
        from tuner import finetuning

        raw = finetuning.completed(raw, home)
    return SweepSpec.read(raw, source)


def keep(folder: Path, spec: SweepSpec) -> None:
    """Write it down for people to read: the ledger has it too, and counts."""
    import yaml

    (folder / "spec.yaml").write_text(yaml.safe_dump(spec.describe(), sort_keys=False), encoding="utf-8")
