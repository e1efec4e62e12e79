"""The last line of the ledger, or of a spool, is torn, as after a power cut."""

from __future__ import annotations

import os
from collections.abc import Iterator

from survival.place import Place, all_of, killed_in_between

PROMISED = "what is torn is left out and made again; the sweep is as if nothing had happened"


def inject(place: Place) -> Iterator[str]:
    """Bytes are cut off the last line of the ledger; and half a line is left at the end of a spool."""
    yield from killed_in_between(place)
    ledger = place.sweep_folder / "ledger.journal"
    content = ledger.read_bytes()
    last = content.rfind(b"\n", 0, -1) + 1
    os.truncate(ledger, place.rng.randint(last, len(content) - 1))
    for spool in place.rng.sample(sorted(place.sweep_folder.glob("trials/*/metrics.jsonl")), 1):
        with spool.open("ab") as file:
            file.write(b'{"order":99,"step":3,"met')
    yield from all_of(place.finish(again=1), place.differences())
