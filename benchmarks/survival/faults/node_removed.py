"""A node of the Ray cluster is lost while it trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from survival import on_ray
from survival.drivers import DONE
from survival.place import Place

PROMISED = "its trials go on from their newest checkpoints on another node; the sweep ends whole"
RAY = True


def inject(place: Place) -> Iterator[str]:
    """One of two, after a random report."""
    on_ray.prepare(place)
    place.spec["budget"] = {"trials": 6, "epochs": 6}
    with cluster() as nodes:
        first = nodes.add_node(num_cpus=1)
        nodes.add_node(num_cpus=1)
        nodes.wait_for_nodes()
        driver = place.start(runner="ray", address=nodes.address)
        driver.until(place.rng.randint(1, 16))
        nodes.remove_node(first, allow_graceful=False)
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
            return
    yield from place.problems()
    if wrong := [trial for trial in place.record().trials if str(trial.state) != "COMPLETE"]:
        yield f"trial {wrong[0].number} is {wrong[0].state} ({wrong[0].cause})"


@contextmanager
def cluster() -> Iterator[Any]:
    """A head without processors."""
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        yield found
    finally:
        found.shutdown()
