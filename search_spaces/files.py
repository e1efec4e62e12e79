"""The files that data comes from: the user's own, and checked downloads."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError

from pydantic import AfterValidator


def _absolute(path: Path) -> Path:
    return Path(path).expanduser().absolute()


LocalPath = Annotated[Path, AfterValidator(_absolute)]
"""A file or folder of the user's: absolute from the start, so that it means the same to every worker."""


def existing(path: Path, what: str) -> Path:
    """The path itself, if there is something; `what` says what should be there."""
    if not path.exists():
        raise ValueError(f"{what} is not there: {path}; check the path")
    return path


def cache() -> Path:
    """Where downloads are kept: the folder `TUNER_CACHE`, or `sweepforge` in the user's cache folder."""
    return _absolute(Path(os.environ.get("TUNER_CACHE") or "~/.cache/sweepforge"))


def download(url: str, digest: str, folder: Path) -> Path:
    """The file at a URL: from the folder if it is there already and whole, else fetched into it.

    Args:
        url: Where it is.
        digest: What it must be, as `md5:...` or `sha256:...`.
        folder: Where it is kept; a file is put there under its own name once all of it has come and been checked.
    """
    kept = folder / url.rsplit("/", 1)[-1]
    if kept.exists() and digest_of(kept, digest) == digest:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as scratch:
        fetched = Path(scratch) / kept.name
        try:
            _fetch(url, fetched)
        except (OSError, HTTPException) as error:
            raise ValueError(_advice(f"cannot download {url} ({_reason(error)})", kept)) from error
        if (found := digest_of(fetched, digest)) != digest:
            got = f"{url} gave {fetched.stat().st_size} bytes with digest {found}"
            raise ValueError(_advice(f"{got}, it must be {digest}; the download is broken or the file changed", kept))
        fetched.replace(kept)
    return kept


def digest_of(file: Path, like: str) -> str:
    """The digest of a file, of the same kind as another one (`md5:...`)."""
    algorithm = like.split(":", 1)[0]
    with file.open("rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


def _fetch(url: str, target: Path) -> None:
    with urllib.request.urlopen(url, timeout=30) as answer, target.open("wb") as stream:
        shutil.copyfileobj(answer, stream, 1 << 20)
        expected = answer.headers.get("Content-Length")
    if expected and (size := target.stat().st_size) != int(expected):
        raise ConnectionError(f"it broke off after {size} of {expected} bytes")


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        error.close()
        return f"the server answers {error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error) or type(error).__name__


def _advice(what: str, kept: Path) -> str:
    return f"{what}; try again, or get the file elsewhere and put it at {kept}, or give your own as file"
