"""Take the README's picture: a sweep in the MLflow UI, by a real browser (Chromium, headless).

python docs/images/take.py [HOME] [SWEEP]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from mlflow import MlflowClient
from PIL import Image

from tuner.home import Home
from tuner.ui import free_port

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1900,1000",
    "--virtual-time-budget=20000",
]


def main() -> None:
    """Serve the home, photograph the sweep's page, stop the server."""
    home = Home.at(sys.argv[1] if len(sys.argv) > 1 else None)
    sweep = sys.argv[2] if len(sys.argv) > 2 else "digits"
    port = free_port()
    command = [sys.executable, "-c", "from tuner.commands import main; main()", "ui", "--port", str(port)]
    server = subprocess.Popen([*command, "--home", str(home.path)], env=os.environ, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        photograph(f"http://127.0.0.1:{port}/{page(home, sweep)}", Path(__file__).parent / "mlflow.png")
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def page(home: Home, sweep: str) -> str:
    """The UI's own address for the sweep's trials, the best first, beside their charts."""
    experiment = MlflowClient(home.tracking_uri).get_experiment_by_name(sweep)
    view = {
        "searchFilter": "tags.`sweepforge.trial` != ''",
        "orderByKey": "metrics.`best/val/accuracy`",
        "orderByAsc": "false",
        "compareRunsMode": "CHART",
    }
    return f"#/experiments/{experiment.experiment_id}/runs?{urlencode(view)}"


def wait_for(url: str) -> None:
    """Until the server answers."""
    for _ in range(120):
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"{url} does not answer")


def photograph(url: str, picture: Path) -> None:
    """One screenshot."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("no Chromium found (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as profile:
        arguments = [*FLAGS, f"--user-data-dir={profile}", f"--screenshot={picture}", url]
        subprocess.run([browser, *arguments], check=True, capture_output=True, timeout=120)
    with Image.open(picture) as whole:
        whole.crop((0, 0, 1412, 1000)).save(picture)  # without the empty side panel


if __name__ == "__main__":
    main()
