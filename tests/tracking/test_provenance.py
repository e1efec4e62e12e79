import platform
import subprocess
from pathlib import Path

import psutil
import pytest
import torch

from tracking import provenance as module
from tracking.provenance import provenance
from tracking.redaction import without_passwords, without_secrets

TOKEN = "ghp_" + "a1" * 18  # the form of a real one, and nobody's


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "--initial-branch", "trunk")
    _git(folder, "remote", "add", "origin", f"https://me:{TOKEN}@example.org/code.git")
    (folder / "train.py").write_text("width = 8\n")
    _git(folder, "add", ".")
    _git(folder, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-m", "First")
    return folder


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_clean_repository_is_its_commit(repository: Path) -> None:
    facts = provenance(repository)
    assert facts["git.commit"] == _git(repository, "rev-parse", "HEAD")
    assert (facts["git.branch"], facts["git.dirty"], facts["git.untracked"]) == ("trunk", "false", "0")
    assert facts["git.remote"] == "https://example.org/code.git"
    assert "git.diff" not in facts


def test_a_dirty_one_is_its_commit_and_the_difference(repository: Path) -> None:
    (repository / "train.py").write_text("width = 16\n")
    (repository / "notes.txt").write_text("not read\n")
    facts = provenance(repository)
    assert (facts["git.dirty"], facts["git.untracked"]) == ("true", "1")
    assert "-width = 8\n+width = 16\n" in facts["git.diff"]
    assert "not read" not in facts["git.diff"]
    again = provenance(repository)
    assert again["git.diff_digest"] == facts["git.diff_digest"]
    (repository / "train.py").write_text("width = 17\n")
    assert provenance(repository)["git.diff_digest"] != facts["git.diff_digest"]


def test_a_kept_difference_can_be_applied(repository: Path) -> None:
    (repository / "train.py").write_text("width = 16\n")
    patch = provenance(repository)["git.diff"]
    _git(repository, "checkout", "train.py")
    subprocess.run(["git", "-C", str(repository), "apply", "-"], input=patch, text=True, check=True)
    assert (repository / "train.py").read_text() == "width = 16\n"


def test_a_long_difference_is_cut_and_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_DIFF", 100)
    (repository / "train.py").write_text("width = 16\n" * 50)
    diff = provenance(repository)["git.diff"]
    assert len(diff) < 140
    assert "characters more]" in diff


def test_no_secret_of_the_code_or_the_environment_is_kept(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    secrets = ["hunter3", "hunter4", "hunter5", "hunter6", TOKEN]
    (repository / "train.py").write_text(
        f"API_KEY = 'hunter3'\npassword: hunter4\nurl = 'postgresql://me:hunter5@db/x'\nlogin({TOKEN!r})\n"
        "{'token': 'hunter6'}\n"
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nwidth = 16\n"
    )
    kept = "\n".join(provenance(repository).values())
    assert not [secret for secret in [*secrets, "hunter2", "MIIEow"] if secret in kept]
    assert "+width = 16" in kept


def test_outside_a_repository_there_is_no_code_but_the_rest(tmp_path: Path) -> None:
    facts = provenance(tmp_path)
    assert not [key for key in facts if key.startswith("git.")]
    assert facts["python"] == platform.python_version()
    assert facts["torch"] == torch.__version__
    assert float(facts["memory_gb"]) == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.1)
    assert int(facts["cpus"]) >= 1


def test_without_git_and_packages_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "PACKAGES", ("no-such-package",))
    assert set(provenance(tmp_path)) <= {"python", "platform", "cpus", "memory_gb"}


def test_gpus_are_named_when_the_driver_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200'\necho 'NVIDIA H200'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert provenance(tmp_path)["gpus"] == "NVIDIA H200, NVIDIA H200"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://me:secret@host:5000/x", "http://host:5000/x"),
        (
            "postgresql+psycopg2://me:s%40t@db/x and s3://key:secret@bucket",
            "postgresql+psycopg2://db/x and s3://bucket",
        ),
        ("mail me@example.org", "mail me@example.org"),
        ("http://host/a@b", "http://host/a@b"),
    ],
)
def test_urls_lose_their_passwords_and_nothing_else(given: str, kept: str) -> None:
    assert without_passwords(given) == kept


def test_ordinary_lines_stay_as_they_are() -> None:
    text = "+    token = vocabulary[0]\n-    keys = sorted(found)\n+    secretary(1)\n+def f(token: int)\n"
    assert without_secrets(text) == text
