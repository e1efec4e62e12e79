"""What there is to choose from, in words: for `tuner list` and `tuner describe`."""

from __future__ import annotations

from search_spaces import plugins
from search_spaces.choice import Choice, fields_of
from search_spaces.space import SLOTS, kind_of
from tuner import reading
from tuner.errors import UsageError
from tuner.spec import RECIPES, recipes

FOLDERS = {
    **{slot: folder for slot, folder in SLOTS.items() if slot != "training"},
    "searcher": "tuner.searchers",
    "scheduler": "tuner.schedulers",
}
"""Each kind of choice with the folder that lists it."""


def rows(kind: str) -> list[tuple[str, str]]:
    """The names of a kind (in the plural or not) with a sentence each."""
    if kind in ("recipe", "recipes"):
        return [(name, _first_comment(name)) for name in recipes()]
    if (singular := _singular(kind)) == "training":
        return [("training", kind_of("training", "training").summary())]
    folder = FOLDERS[singular]
    return [(name, plugins.find(folder, name).summary()) for name in plugins.names(folder)]


def describe(kind: str, name: str) -> str:
    """A choice's docstring, and its settings as an aligned table."""
    found = _find(_singular(kind), name)
    text = (found.__doc__ or "").strip()
    lines = [f"{found.key()}: {text}", ""]
    table = [("setting", "range", "default", ""), *fields_of(found)]
    if len(table) == 1:
        return "\n".join([*lines, "It has no settings."])
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    return "\n".join(lines + ["  ".join([*map(str.ljust, row[:3], widths), row[3]]).rstrip() for row in table])


def _find(kind: str, name: str) -> type[Choice]:
    try:
        return kind_of("training", name) if kind == "training" else plugins.find(FOLDERS[kind], name)
    except plugins.UnknownNameError as error:
        raise UsageError(str(error)) from error


def _singular(kind: str) -> str:
    plurals = {folder.rsplit(".", 1)[-1]: single for single, folder in FOLDERS.items()}
    known = {**plurals, **{single: single for single in FOLDERS}, "training": "training"}
    if kind not in known:
        raise UsageError(f"{kind!r} is no kind of choice{plugins.suggestion(kind, [*plurals, 'recipes', 'sweeps'])}")
    return known[kind]


def _first_comment(recipe: str) -> str:
    text = (RECIPES / f"{recipe}.yaml").read_text(encoding="utf-8")
    return text.split("\n")[0].removeprefix("#").strip() if text.startswith("#") else str(reading.parse(text, recipe))
