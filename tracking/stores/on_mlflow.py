"""A run store on MLflow: a tracking server, or a database opened directly."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tracking.redaction import without_passwords
from tracking.stores import limits
from tracking.stores.base import Point, RunStatus, StoredRun, StoreError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Answer = TypeVar("Answer")
_A_PAGE = 1000
_REQUESTS_AT_ONCE = 8
PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # a run whose answer was lost would be made twice, and nobody be told
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""How MLflow's client behaves in a process that made one here, wherever the environment does not say otherwise.

MLflow reads these from the environment at each request and takes them from nowhere else. With its defaults one call to
a server that is down lasts four minutes. They are set once, since changing the environment while other threads read it
is not safe.
"""

_asking_now = ContextVar("asking_now", default=False)


class OnMlflow:
    """Runs in MLflow.

    Args:
        uri: `http(s)://...` for a server; `sqlite:///...` or `postgresql+psycopg2://...` for a database.
        artifacts: The folder or URI under which new experiments keep their files. Needed for a database, which would
            otherwise put them into the current directory; a server knows its own.
    """

    def __init__(self, uri: str, artifacts: Path | str | None = None) -> None:
        self.uri = uri
        self._artifacts = str(artifacts.absolute()) if isinstance(artifacts, Path) else artifacts
        _set_patience()
        logging.getLogger("urllib3.connectionpool").addFilter(_not_while_asking)  # once, however often it is added

    @property
    def at_once(self) -> int:
        """Several requests to a server, most of whose time for one is waiting; a database is written one by one."""
        return _REQUESTS_AT_ONCE if self.uri.startswith("http") else 1

    def experiment(self, name: str, tags: Mapping[str, str]) -> str:
        """Find the experiment, bring it back if it was deleted, or make it."""
        with self._asking("give the experiment"):
            return self._twice(lambda: self._experiment(name, tags))

    def runs(self, experiment: str, tags: Mapping[str, str]) -> Sequence[StoredRun]:
        """The experiment's runs that have all these tags, the oldest first."""
        condition = " and ".join(f"tags.`{key}` = {_quoted(value)}" for key, value in limits.tags(tags).items())
        with self._asking("list the runs"):
            return self._twice(lambda: [_stored(run) for run in self._search(experiment, condition)])

    def create(self, experiment: str, name: str, tags: Mapping[str, str], started: int) -> str:
        """Start a run."""
        with self._asking("start a run"):
            run = self._client.create_run(experiment, started, limits.tags(tags), run_name=name)
            return str(run.info.run_id)

    def log(
        self,
        run: str,
        *,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add points and params, and set tags, in batches within MLflow's limits."""
        with self._asking("log a batch"):
            from mlflow.entities import Metric, Param, RunTag

            for batch in limits.batches(points, limits.params(params or {}), limits.tags(tags or {})):
                metrics = [
                    Metric(limits.name(point.key), point.value, point.time, point.step) for point in batch.points
                ]
                set_params = [Param(key, value) for key, value in batch.params.items()]
                set_tags = [RunTag(key, value) for key, value in batch.tags.items()]
                self._twice(partial(self._client.log_batch, run, metrics, set_params, set_tags))

    def set_status(self, run: str, status: RunStatus, at: int | None = None) -> None:
        """End a run at a time, or reopen it."""
        with self._asking("set a run's status"):
            if status.ended:
                self._twice(partial(self._client.set_terminated, run, status.value, at))
            else:
                self._twice(partial(self._client.update_run, run, status.value))

    def write_text(self, run: str, path: str, text: str) -> None:
        """Keep a text as an artifact of the run."""
        with self._asking("keep an artifact"):
            self._twice(partial(self._client.log_text, run, text, path))

    def delete(self, run: str) -> None:
        """Put a run into MLflow's bin."""
        with self._asking("delete a run"):
            self._client.delete_run(run)

    @cached_property
    def _client(self) -> MlflowClient:
        return client_of(self.uri)

    def _experiment(self, name: str, tags: Mapping[str, str]) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return self._client.create_experiment(name, self._place(name), dict(tags))
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        for key, value in tags.items():
            if found.tags.get(key) != value:
                self._client.set_experiment_tag(found.experiment_id, key, value)
        return str(found.experiment_id)

    def _place(self, experiment: str) -> str | None:
        """Where a new experiment keeps its files; None lets the server choose."""
        if self._artifacts is None:
            return None
        return f"{self._artifacts.rstrip('/')}/{re.sub(r'[^A-Za-z0-9_.-]', '_', experiment).lstrip('.') or '_'}"

    def _search(self, experiment: str, condition: str) -> Iterator[Any]:
        token: str | None = ""
        while token is not None:
            page = self._client.search_runs(
                [experiment],
                condition,
                max_results=_A_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token or None,
            )
            yield from page
            token = page.token or None

    def _twice(self, ask: Callable[[], Answer]) -> Answer:
        """Ask a server a second time, as something that changes nothing if it was done the first time."""
        try:
            return ask()
        except Exception:
            if not self.uri.startswith("http"):
                raise
            return ask()

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Turn whatever goes wrong into one kind of error: MLflow's client raises a dozen."""
        _asking_now.set(True)
        try:
            yield
        except Exception as error:
            reason = " ".join(without_passwords(str(error)).split())[:300]
            raise StoreError(
                f"MLflow at {without_passwords(self.uri)} did not {what} ({reason}); "
                "check that it runs and answers there: what is missing is caught up then"
            ) from error
        finally:
            _asking_now.set(False)


def set_beside_others(write: Callable[..., object], *values: str) -> None:
    """Set a tag or an alias that others may set at the same moment.

    MLflow looks whether there is such a row, then inserts it: of two that do so at once the database refuses one
    (`UniqueViolation`), which finds the other's row when it asks again.
    """
    from mlflow.exceptions import MlflowException

    try:
        write(*values)
    except MlflowException:
        write(*values)


def client_of(uri: str) -> MlflowClient:
    """MLflow's own client for a tracking URI, with our patience."""
    _set_patience()
    from mlflow import MlflowClient

    return MlflowClient(uri)


def _set_patience() -> None:
    for key, value in PATIENCE.items():
        os.environ.setdefault(key, value)


def _not_while_asking(_: logging.LogRecord) -> bool:
    """Keeps urllib3 from telling each retry of ours: what came of it is in the StoreError."""
    return not _asking_now.get()


def _stored(run: Any) -> StoredRun:
    data = run.data
    return StoredRun(
        run.info.run_id, RunStatus(run.info.status), dict(data.params), dict(data.tags), dict(data.metrics)
    )


def _quoted(value: str) -> str:
    if "'" in value and '"' in value:
        raise StoreError(f"MLflow cannot search for a tag with both kinds of quotes, got {value!r}; leave one out")
    return f'"{value}"' if "'" in value else f"'{value}'"
