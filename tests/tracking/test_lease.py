import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tracking import lease
from tracking.lease import LeaseError, driving, holder

DRIVER = """
import sys, time
from pathlib import Path
from tracking.lease import driving
with driving(Path(sys.argv[1])):
    print("driving", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_driver(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that drives the sweep."""
    process = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "driving\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def write(folder: Path, **others: Any) -> None:
    me = psutil.Process()
    found = {"host": socket.gethostname(), "process": me.pid, "began": me.create_time(), "heard": time.time()}
    (folder / lease.FILE).write_text(json.dumps(found | others))


def test_a_sweep_that_nobody_drives_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path) is None


def test_who_drives_a_sweep_holds_it_for_as_long(tmp_path: Path) -> None:
    with driving(tmp_path):
        found = holder(tmp_path)
        assert found is not None
        assert (found.host, found.process) == (socket.gethostname(), os.getpid())
        assert str(found) == f"process {os.getpid()} on {socket.gethostname()}"
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_driving_gives_the_sweep_back(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), driving(tmp_path):
        raise RuntimeError
    assert holder(tmp_path) is None


def test_another_driver_is_refused_and_told_who_drives(tmp_path: Path, other_driver: subprocess.Popen[str]) -> None:
    with pytest.raises(LeaseError, match=f"driven by process {other_driver.pid} on .*Ctrl-C there"), driving(tmp_path):
        pass
    found = holder(tmp_path)
    assert found is not None
    assert found.process == other_driver.pid


def test_of_drivers_that_start_in_the_same_instant_one_drives(tmp_path: Path) -> None:
    begin = f"import time; from tracking import lease; time.sleep(max(0, {time.time() + 3} - time.time()))\n"
    command = [sys.executable, "-c", begin + DRIVER, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    deadline = time.monotonic() + 50
    while sum(process.poll() is None for process in started) > 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in started:
        process.terminate()
    said = [process.communicate() for process in started]
    assert sorted(out for out, _ in said) == [""] * 5 + ["driving\n"]
    assert sum("LeaseError" in errors for _, errors in said) == 5


def test_the_same_process_does_not_drive_a_sweep_twice(tmp_path: Path) -> None:
    with driving(tmp_path), pytest.raises(LeaseError), driving(tmp_path):
        pass


def test_a_killed_driver_holds_nothing_even_before_its_parent_notices(
    tmp_path: Path, other_driver: subprocess.Popen[str]
) -> None:
    other_driver.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other_driver.pid, os.WEXITED | os.WNOWAIT)  # it is dead, and stays a zombie
    assert holder(tmp_path) is None
    with driving(tmp_path):
        assert holder(tmp_path) is not None


def test_a_process_that_has_the_number_of_a_dead_driver_is_not_it(tmp_path: Path) -> None:
    write(tmp_path, began=psutil.Process().create_time() - 1000)
    assert holder(tmp_path) is None


def test_a_driver_on_another_host_lives_while_it_is_heard_of(tmp_path: Path) -> None:
    # even with this process's own number, as in two containers
    write(tmp_path, host="elsewhere")
    with pytest.raises(LeaseError, match=f"process {os.getpid()} on elsewhere"), driving(tmp_path):
        pass
    write(tmp_path, host="elsewhere", heard=time.time() - lease.STALE_SECONDS - 1)
    assert holder(tmp_path) is None


def test_the_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.01)
    with driving(tmp_path):
        first = holder(tmp_path)
        assert first is not None
        while (found := holder(tmp_path)) is None or found.heard <= first.heard:
            time.sleep(0.01)  # pytest's time limit ends a heart that stands still


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"host": 1}', "null"])
def test_a_damaged_lease_holds_nobody_back(tmp_path: Path, content: str) -> None:
    (tmp_path / lease.FILE).write_text(content)
    assert holder(tmp_path) is None
    with driving(tmp_path):
        assert holder(tmp_path) is not None
