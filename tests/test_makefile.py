import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def test_plain_make_lists_every_target_with_a_sentence() -> None:
    listed = re.findall(r"^  make ([a-z]+) +\S+", make().stdout, flags=re.MULTILINE)
    assert listed == TARGETS
    assert {"sweep", "test", "check", "ui", "clean", "help"} <= set(listed)


def test_every_target_is_phony() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert sorted(phony.split()) == sorted(TARGETS)


@pytest.mark.parametrize(
    ("target", "program"), [("sweep", "tuner sweep digits"), ("ui", "tuner ui"), ("test", "pytest"), ("check", "ruff")]
)
def test_a_target_makes_the_virtual_environment_that_it_runs_in(target: str, program: str) -> None:
    plan = make("--dry-run", "--always-make", target).stdout
    assert 0 < plan.index("-m venv .venv") < plan.index("-m pip install") < plan.index(f".venv/bin/{program}")


def test_an_old_python_is_refused_in_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    refused = make("--always-make", "install", f"PYTHON={old}", f"VENV={tmp_path}/venv")
    [line] = [line for line in refused.stderr.splitlines() if not line.startswith("make")]
    assert refused.returncode != 0
    assert "Python >= 3.11 is needed" in line
    assert "Python 3.9.2" in line
    assert not (tmp_path / "venv").exists()


def test_pip_installs_with_the_constraints() -> None:
    assert "-e '.[dev]' -c constraints.txt" in MAKEFILE


def test_constraints_are_exact_and_hold_anywhere() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line)] == []
    names = [line.partition("==")[0].lower() for line in lines]
    assert len(names) == len(set(names))


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "make test"
    assert re.search(r"^\s*(\$ )?make test\b", (ROOT / "README.md").read_text(), flags=re.MULTILINE)


def run_ci(folder: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """.ci/run with stand-ins for programs: each notes its call in `calls` and then runs its line of shell."""
    for name, line in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f'#!/bin/sh\necho {program.name} "$@" >> {folder}/calls\n{line}\n')
        program.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([ROOT / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False)


def test_ci_goes_on_to_the_tests_when_system_packages_cannot_be_installed(tmp_path: Path) -> None:
    ran = run_ci(tmp_path, id="echo 0", dpkg_query="exit 1", apt_get="exit 100", sleep="", make="echo 5 passed")
    calls = (tmp_path / "calls").read_text().splitlines()
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[-1] == "5 passed"
    for package in ("postgresql", "chromium"):
        assert calls.count(f"apt-get install -y --no-install-recommends {package}") == 3
        assert f"{package} could not be installed; the tests that need it will be skipped" in ran.stderr
    assert calls[-1] == "make test"


def test_ci_installs_nothing_without_root(tmp_path: Path) -> None:
    ran = run_ci(tmp_path, id="echo 1000", apt_get="", make="")
    assert ran.returncode == 0
    assert "apt-get" not in (tmp_path / "calls").read_text()


def test_ci_fails_when_the_tests_fail(tmp_path: Path) -> None:
    assert run_ci(tmp_path, id="echo 1000", apt_get="", make="exit 2").returncode == 2
