"""A node of the Ray cluster is lost while it trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection

from survival import on_ray
from survival.drivers import DONE, SLOW_SECONDS, Notes, forked
from survival.place import Place

PROMISED = "its trials go on from their newest checkpoints on another node; the sweep ends whole"
RAY = True


def inject(place: Place) -> Iterator[str]:
    """One of two, after a random report."""
    on_ray.prepare(place)
    place.spec["budget"] = {"trials": 6, "epochs": 6}
    with cluster(place) as (address, nodes):
        driver = place.start(runner="ray", address=address)
        driver.until(place.rng.randint(1, 16))
        nodes.send("remove")
        if (code := driver.wait()) != DONE:
            yield f"the driver ended with {code}: {place.output()[-2000:]}"
            return
    yield from place.problems()
    if wrong := [trial for trial in place.record().trials if str(trial.state) != "COMPLETE"]:
        yield f"trial {wrong[0].number} is {wrong[0].state} ({wrong[0].cause})"


@contextmanager
def cluster(place: Place) -> Iterator[tuple[str, Connection]]:
    """A head without processors and two nodes, in a process of their own: one that has met Ray cannot be forked."""
    here, there = Pipe()
    keeper = forked(lambda notes: _keep(there, notes), place.folder / "cluster", place.environment)
    try:
        if not here.poll(SLOW_SECONDS):
            raise TimeoutError("the cluster did not come up")
        yield here.recv(), here
    finally:
        here.send("end")
        keeper.wait()


def _keep(asked: Connection, notes: Notes) -> bool:
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    first, _ = found.add_node(num_cpus=1), found.add_node(num_cpus=1)
    found.wait_for_nodes()
    asked.send(found.address)
    while (word := asked.recv()) != "end":
        found.remove_node(first, allow_graceful=False)
        notes.note(word)
    found.shutdown()
    return False
