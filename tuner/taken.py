"""The requests that a sweep's driver has taken: noted in its ledger, so that what they ask for outlives the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracking.requests import Request

if TYPE_CHECKING:
    from optuna.study import Study

    from tracking.ledger import Ledger

PREFIX = "request:"


@dataclass(frozen=True)
class Taken:
    """A request, and what came of it.

    Attributes:
        verb: What was asked.
        arguments: With what; a point has its trial's number too.
        did: What was done, or why nothing was, in words.
        refused: Whether nothing was done.
        by: Who asked.
    """

    verb: str
    arguments: Mapping[str, Any]
    did: str
    refused: bool = False
    by: str = ""


def note(ledger: Ledger, request: Request, did: str, *, refused: bool = False, **arguments: Any) -> None:
    """Note what came of a request; `arguments` are laid over its own."""
    facts = {"verb": request.verb, "arguments": {**request.arguments, **arguments}, "by": request.by}
    ledger.note(PREFIX + request.id, {**facts, "did": did, "refused": refused})


def outcome(study: Study, request: Request) -> Taken | None:
    """What came of a request; None if it was not taken yet."""
    found = study.user_attrs.get(PREFIX + request.id)
    return Taken(**found) if found else None


def taken(study: Study, verb: str) -> list[Taken]:
    """The requests of a kind that were heeded, in the order in which they were asked."""
    noted = sorted((key, value) for key, value in study.user_attrs.items() if key.startswith(PREFIX))
    return [Taken(**value) for _, value in noted if value["verb"] == verb and not value["refused"]]


def stopped_by_hand(study: Study) -> set[int]:
    """The trials that somebody has asked to be stopped."""
    return {it.arguments["trial"] for it in taken(study, "stop") if it.arguments.get("trial") is not None}


def workers_by_hand(study: Study) -> int | None:
    """How many trials at once somebody has asked for last, if anybody has."""
    asked = taken(study, "set")
    return asked[-1].arguments["workers"] if asked else None


def enqueued(study: Study) -> dict[int, dict[str, Any]]:
    """The points that somebody has asked to try, whole or in part, by the number of the trial that tries each."""
    return {it.arguments["trial"]: dict(it.arguments["point"]) for it in taken(study, "enqueue")}
