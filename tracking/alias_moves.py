"""Moves an alias of the model registry by compare-and-set, which MLflow itself does not know.

What MLflow does keep from being written twice is a param: its first value stays, whoever writes another is refused. So
the moves of an alias are a list of numbered params, kept with the run of the model's first version, each "from 3 to
5, by ...". To move the alias is to win the next number. Of two that saw the same champion and promote at once, one
wins; the other is refused, before or after looking again, and the alias never stands on a version that a later move
left. A move that was cut between the list and the alias is completed by the next one.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tracking.stores.on_mlflow import set_beside_others

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
PREVIOUS = "previous"
_PREFIX = "sweepforge.alias"


class AliasError(Exception):
    """The alias cannot be moved."""


class CrossedError(AliasError):
    """The alias is not where it was seen."""


@dataclass(frozen=True)
class Move:
    """One entry of the list: the alias went from one version to another (`before` is None for its first)."""

    number: int
    before: int | None
    to: int
    by: str


class AliasMoves:
    """The moves of one alias of one model.

    Args:
        client: MLflow's own.
        model: The registered model's name; it has a version.
        alias: The alias.
    """

    def __init__(self, client: MlflowClient, model: str, alias: str) -> None:
        self._client, self._model, self._alias = client, model, alias
        self._run = self._run_of_first()

    def move(self, expecting: int | None, to: int) -> None:
        """Let the alias point to a version, if it points to the expected one; raises `CrossedError` if it does not.

        `AliasError` is raised if the run that the moves are kept with was deleted: MLflow lets nobody write there.
        """
        self._check_run()
        last = self._last()
        if last and not self._done(last):
            self._carry_out(last)
        if (now := self._now()) != expecting:
            raise CrossedError(self._crossed(expecting, now))
        ours = Move((last.number if last else 0) + 1, now, to, _who())
        if not self._claim(ours):
            raise CrossedError(self._crossed(expecting, (self._last() or ours).to))
        self._carry_out(ours)

    def _check_run(self) -> None:
        if self._client.get_run(self._run).info.lifecycle_stage == "deleted":
            where = f"run {self._run}, where the moves of {self._model}@{self._alias} are kept, is deleted in MLflow"
            raise AliasError(f"{where}: `mlflow runs restore --run-id {self._run}` brings it back")

    def _crossed(self, expecting: int | None, now: int | None) -> str:
        seen, found = (f"version {it}" if it else "no version" for it in (expecting, now))
        return (
            f"{self._model}@{self._alias} pointed to {seen} when this began, and to {found} now: another moved it; "
            "look at the new one, then try again"
        )

    def _carry_out(self, move: Move) -> None:
        """Set the alias to where the last move left it, looking again until no later one came in between."""
        last: Move | None = move
        while last is not None:
            self._point(self._alias, last.to)
            if self._alias == CHAMPION and last.before not in (None, last.to):
                self._point(PREVIOUS, last.before)
            set_beside_others(self._client.set_tag, self._run, f"{self._key(last.number)}.done", "true")
            newest = self._last()
            last = newest if newest and newest.number > last.number else None

    def _point(self, alias: str, version: int | None) -> None:
        set_beside_others(self._client.set_registered_model_alias, self._model, alias, str(version))

    def _now(self) -> int | None:
        found = self._client.get_registered_model(self._model).aliases.get(self._alias)
        return None if found is None else int(found)

    def _last(self) -> Move | None:
        prefix = f"{self._key()}."
        params = self._client.get_run(self._run).data.params
        numbers = [int(key.removeprefix(prefix)) for key in params if key.startswith(prefix)]
        if not numbers:
            return None
        newest = max(numbers)
        return Move(newest, **json.loads(params[self._key(newest)]))

    def _claim(self, move: Move) -> bool:
        """Write the move under its number; False if another has it."""
        from mlflow.exceptions import MlflowException

        text = json.dumps({"before": move.before, "to": move.to, "by": move.by})
        try:
            self._client.log_param(self._run, self._key(move.number), text)
        except MlflowException:
            if self._written(move.number) in (None, text):
                raise
            return False
        return self._written(move.number) == text

    def _written(self, number: int) -> str | None:
        found: str | None = self._client.get_run(self._run).data.params.get(self._key(number))
        return found

    def _done(self, move: Move) -> bool:
        return f"{self._key(move.number)}.done" in self._client.get_run(self._run).data.tags

    def _key(self, number: int | None = None) -> str:
        key = f"{_PREFIX}.{self._model}.{self._alias}"
        return key if number is None else f"{key}.{number:04d}"

    def _run_of_first(self) -> str:
        """Everyone finds the same run: that of the lowest version."""
        found: list[Any] = list(self._client.search_model_versions(f"name = '{self._model}'"))
        first = min(found, key=lambda version: int(version.version))
        return str(first.run_id)


def _who() -> str:
    return f"{socket.gethostname()} {os.getpid()} {time.time():.3f} {uuid4().hex[:8]}"
