"""Seeds come from names, never from state: the same words give the same seed, in any process, at any time."""

from __future__ import annotations

import hashlib


def seed_of(*words: int | str) -> int:
    """A seed below 2**31 that follows from the words alone: `seed_of(sweep_seed, "trial", 7)`."""
    text = "/".join(str(word) for word in words)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") >> 1
