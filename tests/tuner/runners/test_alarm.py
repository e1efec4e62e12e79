"""Workers that hang, each a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tuner.runners.alarm import FILE, rang

STUCK = """
import sys, time
from pathlib import Path
from tuner.runners.alarm import Alarm

def hang_here():
    {how}

alarm = Alarm(Path(sys.argv[1]) / "trial", {seconds})
alarm.set()
{before}
hang_here()
print("got through", flush=True)
"""


def run(folder: Path, how: str, seconds: float | None, before: str = "") -> subprocess.CompletedProcess[str]:
    code = STUCK.format(how=how, seconds=seconds, before=before)
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)], check=False, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("time.sleep(1000)", id="asleep"),
        # no thread of Python's runs any more
        pytest.param("import re; re.match('(a+)+$', 'a' * 60 + 'b')", id="in C with the interpreter's lock held"),
    ],
)
def test_a_process_that_hangs_is_ended_and_leaves_where_it_stood(tmp_path: Path, how: str) -> None:
    done = run(tmp_path, how, 0.5)
    assert done.returncode == 1
    assert "got through" not in done.stdout
    assert rang(tmp_path / "trial")
    assert "hang_here" in (tmp_path / "trial" / FILE).read_text()


@pytest.mark.parametrize(
    ("seconds", "before"),
    [(None, ""), (0.5, "alarm.off(); time.sleep(1.0)"), (2.0, "time.sleep(1.5); alarm.set(); time.sleep(1.0)")],
)
def test_a_process_that_ends_its_epochs_in_time_is_left_alone(
    tmp_path: Path, seconds: float | None, before: str
) -> None:
    done = run(tmp_path, "time.sleep(0.05)", seconds, before)
    assert done.stdout == "got through\n"
    assert not rang(tmp_path / "trial")


def test_a_trial_that_was_never_begun_did_not_hang(tmp_path: Path) -> None:
    assert not rang(tmp_path)
