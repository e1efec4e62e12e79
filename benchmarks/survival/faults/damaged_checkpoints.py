"""After a kill, the newest checkpoints are half-written, truncated, empty, bit-flipped or deleted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from survival.place import Place, all_of, killed_in_between

PROMISED = "noticed by their digest: the one before is gone on from, or the trial begins anew; nothing differs"


def half_written(path: Path, rng: random.Random) -> None:
    """What a worker leaves that is killed while it writes."""
    path.rename(path.with_name(f".{path.name.split('.')[0]}.1.tmp"))
    truncated(path.with_name(f".{path.name.split('.')[0]}.1.tmp"), rng)


def truncated(path: Path, rng: random.Random) -> None:
    """Cut anywhere."""
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def empty(path: Path, rng: random.Random) -> None:
    """No byte left."""
    path.write_bytes(b"")


def flipped(path: Path, rng: random.Random) -> None:
    """One bit is another."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(content))


def deleted(path: Path, rng: random.Random) -> None:
    """Gone."""
    path.unlink()


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (half_written, truncated, empty, flipped, deleted)
TIMES = 2 * len(DAMAGES)


def inject(place: Place) -> Iterator[str]:
    """The newest checkpoint, or every one, of the trial that was being trained; each damage in its turn."""
    place.spec["scheduler"] = place.rng.choice(("none", "asha"))
    yield from killed_in_between(place)
    running = [trial for trial in place.record().trials if not trial.state.finished]
    hurt = 0
    for trial in running:
        found = sorted((trial.folder / "checkpoints").glob("epoch-*.ckpt")) if trial.folder else []
        damaged = found[-place.rng.randint(1, 3) :]
        for path in damaged:
            DAMAGES[place.number % len(DAMAGES)](path, place.rng)
        hurt += len(damaged)
    yield from all_of(place.finish(again=hurt), place.differences())
