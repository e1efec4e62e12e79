"""The model registry: versions of trained networks with their evidence, and aliases that say which is in use."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tracking.alias_moves import CHAMPION, AliasError, AliasMoves
from tracking.models import EVIDENCE_FILE, EXTRA, fetch_model
from tracking.redaction import without_passwords
from tracking.stores.on_mlflow import client_of, set_beside_others

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

EVIDENCE_TAG = "sweepforge.evidence"
_NAME = re.compile(r"[^/:@\s'\"%]{1,200}")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")


class RegistryError(Exception):
    """A model, version or alias is unknown or badly named, or the registry refused or is away; one clear line."""


@dataclass(frozen=True)
class ModelName:
    """What names a version: `digit-classifier@champion`, `digit-classifier/3`, or `digit-classifier` for its champion.

    MLflow's own way of writing it, `models:/digit-classifier@champion`, is read too.
    Of `alias` and `version` one at most is given.
    """

    model: str
    alias: str | None = None
    version: int | None = None

    @classmethod
    def read(cls, text: str) -> ModelName:
        """From text; raises `RegistryError` if it is none."""
        model, at, alias = text.removeprefix("models:/").partition("@")
        model, slash, number = model.partition("/") if not at else (model, "", "")
        if not _NAME.fullmatch(model):
            raise RegistryError(f"a model's name has no '/', ':', '@', quote or space, got {model!r} in {text!r}")
        if at and (not _ALIAS.fullmatch(alias) or re.fullmatch(r"v\d+|latest", alias)):
            rule = "an alias is letters, digits, '_' and '-', and neither 'latest' nor like 'v9'"
            raise RegistryError(f"{rule}, got {alias!r} in {text!r}; write {model}@{CHAMPION}")
        if slash and not re.fullmatch(r"[1-9]\d{0,8}", number):
            rule = "a model's name has no '/' or ':', and after a '/' comes a version's number"
            raise RegistryError(f"{rule}, got {text!r}; write MODEL@{CHAMPION} or MODEL/1")
        return cls(model, alias or None, int(number) if slash else None)

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.model}/{self.version}"
        return f"{self.model}@{self.alias}" if self.alias else self.model


@dataclass(frozen=True)
class Version:
    """One registered version of a model.

    Attributes:
        model: The registered model's name.
        number: Counted from 1.
        aliases: The names that point to it now.
        uri: The logged model's `models:/m-...`.
        run_id: The MLflow run of the trial that trained it.
        evidence: Why it may be trusted: the evidence card (`tuner.promotion`).
        tags: All its tags in MLflow.
    """

    model: str
    number: int
    aliases: tuple[str, ...]
    uri: str
    run_id: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.model}/{self.number}"


class Registry:
    """The models of an MLflow server or database.

    Every method raises `RegistryError`, and only that, for what is unknown or refused.

    Args:
        uri: MLflow's tracking URI; the registry is the one that belongs to it.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def find(self, name: ModelName) -> Version:
        """The version that a name stands for now: by number, by alias, or the champion."""
        with self._asking(f"find {name}"):
            model = self._model(name.model)
            number = name.version or self._aliased(model, name.alias or CHAMPION)
            return self._version(model, number)

    def versions(self, model: str) -> list[Version]:
        """Every version of a model, the first one first."""
        with self._asking(f"list the versions of {model}"):
            known = self._model(model)
            found = self._search(f"name = '{model}'")
            return [_read(known, version) for version in sorted(found, key=lambda version: int(version.version))]

    def models(self) -> list[str]:
        """The names of all models, in alphabetical order."""
        with self._asking("list the models"):
            return sorted(_pages(self._client.search_registered_models, lambda model: str(model.name)))

    def register(self, model: str, logged_model_uri: str, run_id: str, evidence: Mapping[str, Any]) -> Version:
        """A version made of a logged model, with its evidence; the one there is if this logged model was registered.

        The registered model is made if there is none of that name. No alias moves.

        Args:
            model: The registered model's name.
            logged_model_uri: `models:/m-...`.
            run_id: The trial's run.
            evidence: JSON; kept as a tag of the version and as a file among the model's.
        """
        ModelName.read(model)
        text = json.dumps(evidence, indent=1, sort_keys=True)
        with self._asking(f"register {model}"):
            known = self._made(model)
            number = self._registered(model, logged_model_uri) or self._new(model, logged_model_uri, run_id)
            set_beside_others(self._client.set_model_version_tag, model, str(number), EVIDENCE_TAG, text)
            self._keep_evidence(logged_model_uri, text)
            return self._version(known, number)

    def describe(self, version: Version, text: str, tags: Mapping[str, str]) -> None:
        """What MLflow shows of a version: a text in Markdown, and tags besides those it has."""
        with self._asking(f"describe {version}"):
            self._client.update_model_version(version.model, str(version.number), text)
            for key, value in tags.items():
                set_beside_others(self._client.set_model_version_tag, version.model, str(version.number), key, value)

    def point(self, model: str, alias: str, to: int, expecting: int | None) -> None:
        """Move an alias, if it is still where it was seen; `previous` is left where the champion was.

        Two that move an alias at once cannot cross: see `tracking.alias_moves`.

        Args:
            model: The registered model's name.
            alias: The alias.
            to: The version that it shall point to.
            expecting: The version that it was seen to point to; None if there was no such alias.
        """
        with self._asking(f"move {model}@{alias}"):
            self._version(self._model(model), to)
            try:
                AliasMoves(self._client, model, alias).move(expecting, to)
            except AliasError as error:
                raise RegistryError(str(error)) from error

    def fetch(self, version: Version, folder: Path) -> Path:
        """Copy a version's files into a folder; returns the model's own folder in it, for MLflow and torch to load.

        Its `extra_files` has the weights and what rebuilds the network (`tracking.models`).
        """
        folder.mkdir(parents=True, exist_ok=True)
        with self._asking(f"fetch {version}"):
            return fetch_model(self.uri, version.uri.rpartition("/")[2], folder)

    # --- inside ---

    @cached_property
    def _client(self) -> MlflowClient:
        return client_of(self.uri)

    def _model(self, name: str) -> RegisteredModel:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            known = self.models()
            none = "; there is none yet: `tuner promote NAME --to MODEL@champion` makes one"
            raise RegistryError(f"no model named {name!r}{_nearest(name, known) or none}") from error

    def _made(self, name: str) -> RegisteredModel:
        from mlflow.exceptions import MlflowException

        try:
            return self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self._client.get_registered_model(name)

    def _aliased(self, model: RegisteredModel, alias: str) -> int:
        if alias in model.aliases:
            return int(model.aliases[alias])
        none = "; it has none: `tuner promote NAME --to` sets one, and MODEL/NUMBER needs none"
        raise RegistryError(f"{model.name} has no alias {alias!r}{_nearest(alias, sorted(model.aliases)) or none}")

    def _version(self, model: RegisteredModel, number: int) -> Version:
        from mlflow.exceptions import MlflowException

        try:
            return _read(model, self._client.get_model_version(model.name, str(number)))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            numbers = sorted(int(found.version) for found in self._search(f"name = '{model.name}'"))
            known = ", ".join(map(str, numbers)) or "none"
            raise RegistryError(f"{model.name} has no version {number}; known: {known}") from error

    def _search(self, condition: str) -> list[ModelVersion]:
        return _pages(lambda **how: self._client.search_model_versions(condition, **how), lambda version: version)

    def _registered(self, model: str, uri: str) -> int | None:
        """The version that was made of this logged model, perhaps by one who was killed before an alias moved."""
        found = [int(it.version) for it in self._search(f"name = '{model}'") if _uri(it) == uri]
        return max(found, default=None)

    def _new(self, model: str, uri: str, run_id: str) -> int:
        with _as_tracking_uri(self.uri):
            # MLflow's own servers make a version at once: waiting for it would only be announced on the terminal.
            made = self._client.create_model_version(
                model, uri, run_id, model_id=uri.rpartition("/")[2], await_creation_for=None
            )
        return int(made.version)

    def _keep_evidence(self, uri: str, text: str) -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / EVIDENCE_FILE
            path.write_text(text, encoding="utf-8")
            self._client.log_model_artifact(uri.rpartition("/")[2], str(path), EXTRA)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turn whatever goes wrong into one kind of error: MLflow's client raises a dozen."""
        try:
            yield
        except RegistryError:
            raise
        except Exception as error:
            reason = " ".join(without_passwords(str(error)).split())[:300]
            raise RegistryError(f"MLflow at {without_passwords(self.uri)} could not {what}: {reason}") from error


@contextmanager
def _as_tracking_uri(uri: str) -> Iterator[None]:
    """The process's tracking URI for a moment: a database looks a logged model up there, whatever client asks it."""
    import mlflow

    if uri.startswith("http"):
        yield
        return
    before, environment = mlflow.get_tracking_uri(), os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        if environment is not None:
            os.environ["MLFLOW_TRACKING_URI"] = environment


def _read(model: RegisteredModel, version: ModelVersion) -> Version:
    number, tags = int(version.version), dict(version.tags)
    aliases = tuple(sorted(alias for alias, it in model.aliases.items() if int(it) == number))
    evidence = json.loads(tags.get(EVIDENCE_TAG, "{}"))
    return Version(model.name, number, aliases, _uri(version), version.run_id or "", evidence, tags)


def _uri(version: ModelVersion) -> str:
    return f"models:/{version.model_id}" if version.model_id else str(version.source)


def _pages(search: Callable[..., Any], read: Callable[[Any], Any]) -> list[Any]:
    """Everything that a search of MLflow's finds, page by page."""
    found, token = [], None
    while True:
        page = search(page_token=token)
        found += [read(item) for item in page]
        token = page.token
        if not token:
            return found


def _nearest(name: str, known: Iterable[str]) -> str:
    """How an error goes on after an unknown name: the nearest known one, or all of them."""
    known = list(known)
    if near := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
