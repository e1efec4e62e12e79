"""Servers that slow tests talk to, started as compose.yaml starts them, and stopped by process id."""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

# Tests run side by side, one a core; what a test starts inherits this.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def tracking_uri_of_before() -> Iterator[None]:
    """`mlflow.set_tracking_uri` writes to the environment too: no test is to be heard of by the next."""
    before = os.environ.get("MLFLOW_TRACKING_URI")
    yield
    if before is None:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before


class Postgres(NamedTuple):
    """A private cluster with one empty database, `mlflow`."""

    port: int
    password: str

    @property
    def uri(self) -> str:
        return f"postgresql+psycopg2://mlflow:{self.password}@127.0.0.1:{self.port}/mlflow"

    def execute(self, statement: str) -> None:
        """Run one statement as the owner of the cluster, outside the database `mlflow`."""
        connection = connect(self.port, self.password)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


class Service(NamedTuple):
    command: list[str]
    healthcheck: list[str]
    environment: dict[str, str]

    def healthy(self) -> bool:
        return subprocess.run(self.healthcheck, env=self.environment, capture_output=True, check=False).returncode == 0


class MlflowServer(NamedTuple):
    uri: str
    process: subprocess.Popen[bytes]
    healthy: Callable[[], bool]


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    return find_free_port


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """compose.yaml as it is written, variables and all."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


@pytest.fixture(scope="session")
def native_service() -> Callable[..., Service]:
    """A service of compose.yaml as a process of this machine; see `service_of_compose`."""
    return service_of_compose


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    tools = postgres_tools()
    if tools is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with running_postgres(tools) as server:
        yield server


@pytest.fixture(scope="session")
def mlflow_server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with running_mlflow(postgres, tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: the path of a Unix socket has at most 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start_process(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a command and waits until it is ready; whatever it started is gone when the test ends."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        command: Sequence[str], environment: Mapping[str, str], ready: Callable[[], bool] = lambda: True
    ) -> subprocess.Popen[bytes]:
        log = tmp_path / f"process-{len(started)}.log"
        started.append(launch(command, log, environment))
        wait_until(ready, started[-1], log)
        return started[-1]

    yield start
    for process in reversed(started):
        stop(process)


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def service_of_compose(
    name: str, settings: Mapping[str, str] | None = None, moved: Mapping[str, str] | None = None, **options: object
) -> Service:
    """The command, health check and environment of a service, with this machine's values for options it has.

    `port=5001` takes the place of `--port=5000`, `settings` that of the service's environment variables, and
    `moved` says which address of the compose network is which one here.
    """

    def here(word: str) -> str:
        for inside, outside in (moved or {}).items():
            word = word.replace(inside, outside)
        return word

    service = filled_in(yaml.safe_load((ROOT / "compose.yaml").read_text())["services"][name])
    kind, *healthcheck = map(here, service.get("healthcheck", {}).get("test", ["NONE"]))
    return Service(
        command=with_options([here(word) for word in service["command"]], **options),
        healthcheck=["sh", "-c", *healthcheck] if kind == "CMD-SHELL" else healthcheck,
        environment=clean_environment(**(service["environment"] | (settings or {}))),
    )


def filled_in(value: Any) -> Any:
    """`${NAME:-word}` becomes the word, `${NAME:?message}` a stand-in: as in a compose file without an .env."""
    if isinstance(value, dict):
        return {key: filled_in(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"\$\{\w+:([-?])([^}]*)\}", lambda match: match[2] if match[1] == "-" else "unset", value)
        return value.replace("$$", "$")
    return value


def with_options(command: Sequence[str], **values: object) -> list[str]:
    """The command with other values for options that it has; `num_cpus=1` takes the place of `--num-cpus=0`."""
    changed = list(command)
    for name, value in values.items():
        option = f"--{name.replace('_', '-')}="
        [place] = [index for index, word in enumerate(changed) if word.startswith(option)]
        changed[place] = f"{option}{value}"
    return changed


def clean_environment(**values: str) -> dict[str, str]:
    """This process's environment, its virtual environment's programs first, without anyone's tracking settings."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "RAY_", "TUNER_", "TUNE_", "PG"))}
    return inherited | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | values


def launch(
    command: Sequence[str], log: Path, environment: Mapping[str, str], user: str | None = None
) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            env=dict(environment),
            **as_user(user),
        )


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask the process to end, then end by id what is left of it and of all it started."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    if process.poll() is None:
        process.send_signal(with_signal)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(family, timeout=5)
    for child in left:
        child.kill()


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            state = "is not ready" if process.poll() is None else f"ended with exit code {process.returncode}"
            raise AssertionError(f"{process.args} {state}:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def postgres_tools() -> Path | None:
    """The folder with initdb: on PATH, or where Debian keeps the newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return folders[-1].parent if folders else None


def as_user(name: str | None) -> dict[str, Any]:
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []} if name else {}


def unprivileged_user() -> str | None:
    """Who runs PostgreSQL: it refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def running_postgres(tools: Path) -> Iterator[Postgres]:
    # Not in tmp_path: when root runs the tests, that lies in a folder that nobody else may enter.
    folder = Path(tempfile.mkdtemp(prefix="test-postgres-"))
    user, password, port = unprivileged_user(), secrets.token_hex(16), find_free_port()
    secret, data, log = folder / "password", folder / "data", folder / "postgres.log"
    secret.write_text(password)
    if user:
        shutil.chown(folder, user)
        shutil.chown(secret, user)
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
    try:
        subprocess.run(
            [tools / "initdb", "--pgdata", data, "--username=mlflow", f"--pwfile={secret}", *options],
            check=True,
            capture_output=True,
            cwd=folder,
            env=clean_environment(),
            **as_user(user),
        )
        settings = [f"--port={port}", "--listen_addresses=127.0.0.1", "--unix_socket_directories=", "--fsync=off"]
        command = [str(tools / "postgres"), "-D", str(data), *settings]
        process = launch(command, log, clean_environment(), user)
        try:
            wait_until(lambda: accepts_queries(port, password), process, log)
            server = Postgres(port, password)
            server.execute("CREATE DATABASE mlflow")
            yield server
        finally:
            stop(process, signal.SIGINT)  # closes connections and shuts down in order
    finally:
        shutil.rmtree(folder)


def connect(port: int, password: str) -> Any:
    import psycopg2

    return psycopg2.connect(host="127.0.0.1", port=port, user="mlflow", password=password, dbname="postgres")


def accepts_queries(port: int, password: str) -> bool:
    import psycopg2

    try:
        connect(port, password).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def running_mlflow(postgres: Postgres, folder: Path) -> Iterator[MlflowServer]:
    port, log = find_free_port(), folder / "server.log"
    service = service_of_compose(
        "mlflow",
        {"MLFLOW_BACKEND_STORE_URI": postgres.uri},
        {"127.0.0.1:5000": f"127.0.0.1:{port}"},
        host="127.0.0.1",
        port=port,
        artifacts_destination=folder / "artifacts",
    )
    process = launch(service.command, log, service.environment)
    try:
        wait_until(service.healthy, process, log)
        yield MlflowServer(f"http://127.0.0.1:{port}", process, service.healthy)
    finally:
        stop(process)
