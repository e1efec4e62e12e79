"""MLflow's server over the home, for one user on one machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import typer

from tuner.errors import UsageError
from tuner.home import Home


def serve(home: Home, port: int | None = None) -> None:
    """Serve until Ctrl-C; prints the address."""
    uri = home.tracking_uri
    if uri.startswith("http"):
        typer.echo(f"MLflow runs at {uri}")
        return
    if uri.startswith("sqlite") and not (home.path / "mlflow.db").exists():
        raise UsageError(f"nothing was tracked in {home.path} yet: `tuner sweep digits` tracks something")
    port = port or free_port()
    typer.echo(f"MLflow runs at http://127.0.0.1:{port}  (Ctrl-C closes it)")
    # In the environment, not in the arguments: a database's address may hold a password, and `ps` shows arguments.
    environment = os.environ | {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    arguments += ["--default-artifact-root", str(home.artifacts)]
    process = subprocess.Popen([sys.executable, "-m", "mlflow", "server", *arguments], env=environment)
    try:
        process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
