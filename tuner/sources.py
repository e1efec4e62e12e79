"""The files that a space's choices are written in, and their digests."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from search_spaces.imported import Imported, load
from search_spaces.space import Branch, Space


def sources(space: Space) -> dict[str, str]:
    """A digest of every file that decides what the choices do, by its path from the folder it is imported from.

    Of the platform's own choices that is the file of each; of a user's own modules also what these import from the same
    folder, directly or through each other, without running any of it.
    """
    found: dict[str, str] = {}
    for branches in space.slots.values():
        for branch in branches:
            kind = _kind(branch)
            root, path = _place(kind)
            files = _with_imports(root, path) if issubclass(branch.kind, Imported) else {path}
            found |= {file.relative_to(root).as_posix(): _digest(file) for file in files}
    return dict(sorted(found.items()))


def _kind(branch: Branch) -> type:
    if issubclass(branch.kind, Imported):
        return load(branch.dimensions["module"].grid(1)[0])
    return branch.kind


def _place(kind: type) -> tuple[Path, Path]:
    """The folder from which a class is imported, and its file."""
    path = Path(inspect.getfile(kind)).resolve()
    depth = kind.__module__.count(".") + (path.name == "__init__.py")
    return path.parents[depth], path


def _with_imports(root: Path, path: Path) -> set[Path]:
    """A file with all that it imports from the same folder; what is installed is known by its version instead."""
    if not {"site-packages", "dist-packages"}.isdisjoint(path.parts):
        return {path}
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        if (file := waiting.pop()) not in found:
            found.add(file)
            waiting += [other for name in _imported(root, file) for other in _files(root, name)]
    return found


def _imported(root: Path, path: Path) -> Iterator[str]:
    """The dotted names that a file imports, and those that may be modules of what it imports them from."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *([node.module] if node.module else [])))
            yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)


def _files(root: Path, name: str) -> Iterator[Path]:
    """The files of a module below a folder, those of the packages around it first; none if it lies elsewhere."""
    at = root
    for part in name.split("."):
        at = at / part
        yield from (file for file in (at / "__init__.py", at.with_suffix(".py")) if part and file.is_file())


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
