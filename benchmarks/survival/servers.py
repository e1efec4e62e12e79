"""The servers that faults strike: MLflow's, started once for all injections, and a private PostgreSQL."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from survival.place import Place, Sqlite, empty_database
from survival.proxy import Proxy, free_port

_SECONDS = 120.0


@cache
def tracking_server() -> tuple[str, Path]:
    """An `mlflow server` on a fresh SQLite database: its address and the database; ended with this process."""
    return mlflow_server()


def mlflow_server(artifacts: str | None = None, environment: Mapping[str, str] | None = None) -> tuple[str, Path]:
    """The same with its files in a place of their own, and with further settings; every call starts another."""
    folder = Path(tempfile.mkdtemp(prefix="survival-server-"))
    database = Path(shutil.copy(empty_database(), folder / "mlflow.db"))
    port = free_port()
    settings = {"MLFLOW_BACKEND_STORE_URI": f"sqlite:///{database}", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--artifacts-destination", artifacts or str(folder / "artifacts")]
    uri = f"http://127.0.0.1:{port}"
    launch(command, folder, settings | dict(environment or {}), lambda: _answers(uri))
    return uri, database


def launch(command: list[str], folder: Path, settings: Mapping[str, str], ready: Callable[[], bool]) -> None:
    """Start a server in a folder and wait until it is ready; both are gone when this process ends."""
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | settings, cwd=folder, stdout=log, stderr=log)
    atexit.register(_end, server, folder)
    _wait(ready, folder / "log")


@contextmanager
def proxied(place: Place, *, up: bool = True) -> Iterator[Proxy]:
    """A proxy before the tracking server, to which the place's drivers are sent; its checks look behind it."""
    uri, database = tracking_server()
    proxy = Proxy(uri)
    if up:
        proxy.up()
    place.name = f"small-{time.time_ns()}"  # the server is shared
    place.environment["MLFLOW_TRACKING_URI"] = proxy.uri
    place.shown_in = Sqlite(database)
    try:
        yield proxy
    finally:
        proxy.down()


class Postgres:
    """A private cluster with one database, which can be stopped and started."""

    def __init__(self, tools: Path) -> None:
        self.tools, self.port = tools, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="survival-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        if _account():
            shutil.chown(self.folder, _account())
        options = ["--auth=trust", "--username=mlflow", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self._call([tools / "initdb", "--pgdata", self.folder / "data", *options])

    @property
    def uri(self) -> str:
        """For MLflow."""
        return f"postgresql+psycopg2://mlflow@127.0.0.1:{self.port}/postgres"

    def up(self) -> None:
        """Start it, and wait until it answers."""
        settings = [f"--port={self.port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
        command = [str(self.tools / "postgres"), "-D", str(self.folder / "data"), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **_as_account())
        _wait(self._answers, self.folder / "log")

    def down(self) -> None:
        """Stop it at once, its connections with it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        import psycopg2

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="mlflow", dbname="postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def _answers(self) -> bool:
        import psycopg2

        try:
            self.query("select 1")
        except psycopg2.OperationalError:
            return False
        return True

    def _call(self, command: list[Any]) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **_as_account())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running cluster, gone when the block ends."""
    tools = postgres_tools()
    if tools is None:
        raise RuntimeError("PostgreSQL is not installed")
    server = Postgres(tools)
    try:
        server.up()
        yield server
    finally:
        server.down()
        shutil.rmtree(server.folder, ignore_errors=True)


def postgres_tools() -> Path | None:
    """The folder with initdb: on PATH, or where Debian keeps the newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return folders[-1].parent if folders else None


def _account() -> str | None:
    """Who runs PostgreSQL, which refuses root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _as_account() -> dict[str, Any]:
    name = _account()
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []} if name else {}


def _answers(uri: str) -> bool:
    try:
        with urllib.request.urlopen(f"{uri}/health", timeout=1) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _wait(ready: Any, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise RuntimeError(log.read_text(errors="replace")[-2000:])
        time.sleep(0.2)


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    family = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)
