import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = ["compose.yaml", "deploy/compose.gpu.yaml"]
SECRETS = ["POSTGRES_PASSWORD", "RAY_AUTH_TOKEN"]


@pytest.mark.parametrize("name", FILES)
def test_compose_files_follow_the_official_schema(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / name)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_schema_check_notices_a_wrong_key(tmp_path: Path, compose: dict[str, Any]) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(yaml.safe_dump(compose | {"services": {"mlflow": {"imagee": "x"}}}))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert "imagee" in checked.stdout


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"mlflow": ["127.0.0.1:${MLFLOW_PORT:-5000}:5000"]}
    assert all("network_mode" not in service for service in compose["services"].values())


def test_every_service_names_its_image_and_ours_come_from_the_dockerfile(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images.pop("postgres").startswith("postgres:17")
    assert set(images.values()) == {"sweepforge:local"}
    assert all(compose["services"][name]["build"] == "." for name in images)


def test_secrets_come_from_the_environment_and_have_no_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text()
    used = re.findall(r"\$\{(\w+)(:?[-?]?)", text)
    assert {rule for name, rule in used if name in SECRETS} == {":?"}
    assert {name for name, rule in used if rule == ":?"} == set(SECRETS)
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|KEY", name):
                assert value.startswith("${")
            assert not re.search(r"://\w+:[^$@]+@", value), f"{name} holds a password"
        assert not any("PASSWORD" in word or "TOKEN" in word for word in service.get("command", []))


def test_the_example_environment_names_every_variable_and_no_secret() -> None:
    lines = (ROOT / "deploy" / "env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    asked = dict(re.findall(r"\$\{(\w+):[-?]([^}]*)\}", (ROOT / "compose.yaml").read_text()))
    assert example.keys() == asked.keys()
    assert {name: value for name, value in example.items() if name in SECRETS} == dict.fromkeys(SECRETS, "")
    assert all(asked[name] == value for name, value in example.items() if name not in SECRETS)


def test_filled_in_secrets_reach_neither_git_nor_the_image() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().splitlines()[0] == "*"
    assert "!.env" not in (ROOT / ".dockerignore").read_text()


def test_the_driver_and_every_worker_see_trials_at_the_same_path(compose: dict[str, Any]) -> None:
    ray = [compose["services"][name] for name in ("ray-head", "ray-worker", "driver")]
    assert [service["volumes"] for service in ray] == [["runs:/runs"]] * 3
    assert {service["environment"]["TUNER_HOME"] for service in ray} == {"/runs"}


def test_the_gpu_variant_changes_known_services_only(compose: dict[str, Any]) -> None:
    variant = yaml.safe_load((ROOT / "deploy" / "compose.gpu.yaml").read_text())
    assert variant["services"].keys() <= compose["services"].keys()
    command = variant["services"]["driver"]["command"]
    assert [word for word in command if not word.startswith("resources.")] == compose["services"]["driver"]["command"]


def test_the_image_runs_as_nobody_in_particular_and_installs_what_was_tested() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER tuner"]
    assert "RUN pip install '.[server]' -c constraints.txt" in lines
    assert lines.index("USER tuner") > lines.index("RUN pip install '.[server]' -c constraints.txt")


@pytest.mark.slow
def test_the_tracking_server_answers_and_hides_the_password(mlflow_server: Any, postgres: Any) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(mlflow_server.uri)
    run = client.create_run(client.create_experiment("hello"))
    client.log_text(run.info.run_id, "stored by the server", "note.txt")
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["note.txt"]
    server = psutil.Process(mlflow_server.process.pid)
    command_lines = [" ".join(process.cmdline()) for process in [server, *server.children(recursive=True)]]
    assert len(command_lines) <= 4  # job execution would add a dozen
    assert not any(postgres.password in line for line in command_lines)


@pytest.mark.slow
def test_a_server_without_its_database_is_not_called_healthy(mlflow_server: Any, postgres: Any) -> None:
    assert mlflow_server.healthy()
    postgres.execute("ALTER DATABASE mlflow ALLOW_CONNECTIONS false")
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mlflow'")
    assert not mlflow_server.healthy()
    postgres.execute("ALTER DATABASE mlflow ALLOW_CONNECTIONS true")
    assert mlflow_server.healthy()


@pytest.mark.slow
def test_a_sweep_on_the_services_of_compose_is_told_to_the_tracking_server(
    *,
    mlflow_server: Any,
    native_service: Callable[..., Any],
    free_port: Callable[[], int],
    tmp_path: Path,
    short_path: Path,  # before start_process: it outlives the processes
    start_process: Callable[..., subprocess.Popen[bytes]],
) -> None:
    from mlflow import MlflowClient

    port = free_port()
    address = f"127.0.0.1:{port}"
    moved = {"ray-head:6379": address}
    settings = {
        "HOME": str(tmp_path),  # Ray looks for a token there
        "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
        "TUNER_HOME": str(tmp_path / "runs"),
        "MLFLOW_TRACKING_URI": mlflow_server.uri,
    }
    # Containers have an address each; on one machine the nodes must not meet each other's ports and folders.
    own = ["--node-ip-address=127.0.0.1", "--object-store-memory=100000000"]
    head = native_service("ray-head", settings, moved, port=port)
    start_process([*head.command, *own, f"--temp-dir={short_path}"], head.environment, head.healthy)
    worker = native_service("ray-worker", settings, moved, num_cpus=1)
    assert not worker.healthy()
    start_process([*worker.command, *own], worker.environment, worker.healthy)

    client = MlflowClient(mlflow_server.uri)
    earlier = {run.info.run_id for run in all_runs(client)}
    driver = native_service("driver", settings, moved)
    swept = subprocess.run(
        ["tuner", *driver.command, "budget.trials=2", "budget.epochs=2"],
        cwd=tmp_path,
        env=driver.environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert swept.returncode == 0, swept.stdout + swept.stderr

    runs = [run for run in all_runs(client) if run.info.run_id not in earlier]
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    parents = [run for run in runs if run not in children]
    assert {run.info.status for run in runs} == {"FINISHED"}, swept.stdout + swept.stderr
    assert [len(parents), len(children)] == [1, 2]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}


def all_runs(client: Any) -> list[Any]:
    return list(client.search_runs([experiment.experiment_id for experiment in client.search_experiments()]))
