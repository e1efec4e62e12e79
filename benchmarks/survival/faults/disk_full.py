"""The disk that the home lies on is full (a tmpfs of 24 MB)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from survival.drivers import DONE, INTERRUPTED
from survival.place import Place

PROMISED = "the sweep stops with exit code 130 and one line; with room again, it is resumed, and nothing differs"


def lacking() -> str | None:
    """What this machine lacks for it."""
    return None if os.geteuid() == 0 and Path("/proc/self/mounts").exists() else "permission to mount a tmpfs"


def inject(place: Place) -> Iterator[str]:
    """Filled up to the last few thousand bytes after a random report."""
    with mounted(place.folder / "home"):
        driver = place.start()
        driver.until(place.rng.randint(1, 10))
        filler = place.home / "filler"
        fill(filler, place.rng.choice((0, 0, 4_096, 12_288)))
        code = driver.wait()
        filler.unlink()
        if code not in (INTERRUPTED, DONE) or (code == INTERRUPTED and "full" not in place.output()):
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
        yield from place.finish(again=1)
        yield from place.differences()


def fill(path: Path, left: int) -> None:
    """Take all the room there is, but for so many bytes."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    continue
            except OSError:
                continue
        file.truncate(max(0, file.tell() - left))


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """A small disk at a folder, while the block lasts."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
