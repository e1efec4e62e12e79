import itertools
import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from tracking.alias_moves import AliasMoves, CrossedError, Move
from tracking.models import DATA, EVIDENCE, NETWORK, WEIGHTS, log_model
from tracking.registry import EVIDENCE_TAG, ModelName, Registry, RegistryError
from tracking.stores.on_mlflow import OnMlflow, client_of


@pytest.fixture
def run(on_mlflow: OnMlflow) -> str:
    return on_mlflow.create(on_mlflow.experiment("digits", {}), "trial-000 mlp", {}, 1)


def a_model(uri: str, run: str) -> str:
    """A logged model without files: what a version is made of, in a hundredth of the time."""
    client = client_of(uri)
    made = client.create_logged_model(client.get_run(run).info.experiment_id, "best", run, {}, {}, "torch")
    client.finalize_logged_model(made.model_id, "READY")
    return str(made.model_uri)


@pytest.fixture
def registry(mlflow_uri: str, run: str) -> Registry:
    """With three versions of `digit-classifier`, and no alias."""
    made = Registry(mlflow_uri)
    for number in (1, 2, 3):
        made.register("digit-classifier", a_model(mlflow_uri, run), run, {"number": number})
    return made


def champion(registry: Registry) -> int:
    return registry.find(ModelName("digit-classifier", "champion")).number


def previous(registry: Registry) -> int:
    return registry.find(ModelName("digit-classifier", "previous")).number


# --- names ---


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("digit-classifier@champion", ModelName("digit-classifier", "champion")),
        ("digit-classifier/3", ModelName("digit-classifier", version=3)),
        ("digit-classifier", ModelName("digit-classifier")),
    ],
)
def test_a_name_reads_and_writes_in_our_way_and_reads_mlflows(text: str, name: ModelName) -> None:
    assert ModelName.read(text) == ModelName.read(f"models:/{text}") == name
    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "models:/",
        "models:/a/b",
        "a/b@champion",
        "a:b",
        "a:b@champion",
        "a/b",
        "a/0",
        "a@",
        "a@v9",
        "a@latest",
        "a@b/c",
        "a b@c",
        'a"@c',
    ],
)
def test_a_name_that_mlflow_would_refuse_or_misread_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(RegistryError, match="got '") as refused:
        ModelName.read(text)
    assert "\n" not in str(refused.value)


# --- versions ---


def test_a_version_has_its_model_its_run_and_its_evidence(registry: Registry, run: str) -> None:
    version = registry.find(ModelName("digit-classifier", version=2))
    assert (version.number, version.run_id, version.evidence, version.aliases) == (2, run, {"number": 2}, ())
    assert version.uri.startswith("models:/m-")
    assert json.loads(version.tags[EVIDENCE_TAG]) == {"number": 2}
    assert [it.number for it in registry.versions("digit-classifier")] == [1, 2, 3]
    assert registry.models() == ["digit-classifier"]


def test_registering_the_same_logged_model_again_makes_no_second_version(registry: Registry, run: str) -> None:
    uri = registry.find(ModelName("digit-classifier", version=2)).uri
    again = registry.register("digit-classifier", uri, run, {"number": "again"})
    assert (again.number, again.evidence) == (2, {"number": "again"})
    assert len(registry.versions("digit-classifier")) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("digit-clasifier", "no model named 'digit-clasifier'; did you mean 'digit-classifier'?"),
        ("digit-classifier@champoin", "no alias 'champoin'; did you mean 'champion'?"),
        ("digit-classifier/9", "has no version 9; known: 1, 2, 3"),
    ],
)
def test_what_is_unknown_names_the_nearest(registry: Registry, text: str, said: str) -> None:
    registry.point("digit-classifier", "champion", 1, None)
    with pytest.raises(RegistryError) as refused:
        registry.find(ModelName.read(text))
    assert said in str(refused.value)


def test_a_registry_that_is_away_is_one_line() -> None:
    with pytest.raises(RegistryError, match="could not list the models") as refused:
        Registry("http://127.0.0.1:9").models()
    assert "\n" not in str(refused.value)


def test_the_files_of_a_version_are_the_network_and_what_is_known_of_it(
    mlflow_uri: str, run: str, tmp_path: Path
) -> None:
    network = nn.Linear(4, 2)
    model = log_model(
        mlflow_uri, run, network, torch.ones(2, 4), "best", files={"network.json": "{}", "data.json": "[]"}
    )
    registry = Registry(mlflow_uri)
    folder = registry.fetch(registry.register("m", model.uri, run, {"value": 0.5}), tmp_path / "here")
    assert (folder / "MLmodel").exists()
    assert torch.load(folder / WEIGHTS, weights_only=True).keys() == network.state_dict().keys()
    assert [(folder / name).read_text() for name in (NETWORK, DATA)] == ["{}", "[]"]
    assert json.loads((folder / EVIDENCE).read_text()) == {"value": 0.5}


# --- aliases ---


def test_an_alias_moves_from_where_it_was_seen_and_leaves_the_previous_behind(registry: Registry) -> None:
    registry.point("digit-classifier", "champion", 1, None)
    registry.point("digit-classifier", "champion", 3, 1)
    assert (champion(registry), previous(registry)) == (3, 1)
    registry.point("digit-classifier", "champion", 1, 3)
    assert (champion(registry), previous(registry)) == (1, 3)


def test_an_alias_that_is_elsewhere_now_is_not_moved(registry: Registry) -> None:
    registry.point("digit-classifier", "champion", 1, None)
    registry.point("digit-classifier", "champion", 2, 1)
    with pytest.raises(RegistryError, match="pointed to version 1 when this began, and to version 2 now"):
        registry.point("digit-classifier", "champion", 3, 1)
    assert (champion(registry), previous(registry)) == (2, 1)


def test_an_alias_that_was_moved_by_hand_counts_where_it_stands(registry: Registry) -> None:
    registry.point("digit-classifier", "champion", 1, None)
    client_of(registry.uri).set_registered_model_alias("digit-classifier", "champion", "2")
    with pytest.raises(RegistryError, match="to version 2 now"):
        registry.point("digit-classifier", "champion", 3, 1)
    registry.point("digit-classifier", "champion", 3, 2)
    assert (champion(registry), previous(registry)) == (3, 2)


def test_a_deleted_run_that_keeps_the_moves_is_named_with_the_way_back(registry: Registry, run: str) -> None:
    client = client_of(registry.uri)
    registry.point("digit-classifier", "champion", 1, None)
    client.delete_run(run)
    with pytest.raises(RegistryError, match=f"is deleted in MLflow: `mlflow runs restore --run-id {run}`"):
        registry.point("digit-classifier", "champion", 2, 1)
    client.restore_run(run)
    registry.point("digit-classifier", "champion", 2, 1)
    assert (champion(registry), previous(registry)) == (2, 1)


def moves(registry: Registry) -> AliasMoves:
    return AliasMoves(client_of(registry.uri), "digit-classifier", "champion")


def test_a_move_that_was_cut_before_the_alias_is_completed_by_the_next(registry: Registry) -> None:
    registry.point("digit-classifier", "champion", 1, None)
    assert moves(registry)._claim(Move(2, 1, 2, "one who was killed here"))
    with pytest.raises(RegistryError, match="to version 2 now"):  # the move was won: it counts
        registry.point("digit-classifier", "champion", 3, 1)
    assert (champion(registry), previous(registry)) == (2, 1)
    registry.point("digit-classifier", "champion", 3, 2)
    assert (champion(registry), previous(registry)) == (3, 2)


def test_of_two_claims_on_the_same_move_one_wins(registry: Registry) -> None:
    one, other = moves(registry), moves(registry)
    assert one._claim(Move(1, None, 1, "one"))
    assert not other._claim(Move(1, None, 2, "other"))
    assert one._claim(Move(1, None, 1, "one"))  # asked again after an answer that was lost


def test_a_late_writer_sets_the_alias_to_where_the_last_move_left_it(registry: Registry) -> None:
    late = moves(registry)
    won = Move(1, None, 1, "late")
    assert late._claim(won)
    registry_moves = moves(registry)
    with pytest.raises(CrossedError):
        registry_moves.move(None, 2)  # completes the late one's move, and sees that it came first
    registry_moves.move(1, 2)
    late._carry_out(won)
    assert (champion(registry), previous(registry)) == (2, 1)


@pytest.fixture(params=["sqlite", "a server on PostgreSQL"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Registry, str]]:
    """A registry that several processes use, with one version, the champion, and the run it is of."""
    sqlite = request.param == "sqlite"
    uri = request.getfixturevalue("mlflow_uri") if sqlite else request.getfixturevalue("mlflow_server").uri
    store = OnMlflow(uri, tmp_path / "artifacts" if sqlite else None)
    run = store.create(store.experiment("registry", {}), "trial-000 mlp", {}, 1)
    made = Registry(uri)
    made.register("digit-classifier", a_model(uri, run), run, {})
    made.point("digit-classifier", "champion", 1, None)
    yield made, run
    client_of(uri).delete_registered_model("digit-classifier")  # the server outlives the test


@pytest.mark.slow
def test_several_that_complete_the_same_move_at_once_all_succeed(shared: tuple[Registry, str]) -> None:
    registry, run = shared
    registry.register("digit-classifier", a_model(registry.uri, run), run, {})
    for number in range(2, 12):
        won = Move(number, 2 - number % 2, 1 + number % 2, "one who was killed here")
        several = [moves(registry) for _ in range(6)]
        assert several[0]._claim(won)
        together(*(partial(one._carry_out, won) for one in several))
        assert (champion(registry), previous(registry)) == (won.to, won.before)


@pytest.mark.slow
def test_several_that_describe_and_register_the_same_version_at_once_all_succeed(shared: tuple[Registry, str]) -> None:
    registry, run = shared
    version = registry.find(ModelName("digit-classifier", version=1))
    for number in range(10):
        several = [Registry(registry.uri) for _ in range(6)]
        together(*(partial(one.describe, version, "the best", {f"tag-{number}": "set"}) for one in several))
    together(*(partial(one.register, "digit-classifier", version.uri, run, {"value": 0.5}) for one in several))
    again = registry.find(ModelName("digit-classifier", version=1))
    assert again.tags.items() >= {f"tag-{number}": "set" for number in range(10)}.items()
    assert again.evidence == {"value": 0.5}


def together(*calls: Callable[[], object]) -> None:
    """Make these calls at the same moment, each in a thread of its own; raises what any of them raised."""
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], object]) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(one, call) for call in calls]:
            done.result()


def _promote_often(uri: str, run: str, barrier: object, queue: object) -> None:
    registry, won = Registry(uri), 0
    barrier.wait()  # type: ignore[attr-defined]
    own = registry.register("digit-classifier", a_model(uri, run), run, {}).number
    for _ in range(4):
        now = champion(registry)
        try:
            registry.point("digit-classifier", "champion", 1 if now == own else own, now)
        except RegistryError as error:
            assert "another moved it" in str(error), error
        else:
            won += 1
    queue.put(won)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_two_processes_that_promote_at_once_never_cross_and_lose_nothing(shared: tuple[Registry, str]) -> None:
    registry, run = shared
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_promote_often, args=(registry.uri, run, barrier, queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    won = sum(queue.get(timeout=200) for _ in workers)
    for worker in workers:
        worker.join()
    assert [version.number for version in registry.versions("digit-classifier")] == [1, 2, 3]
    # Each move began where the one before it ended: put in the order of the list, all that were won make one chain.
    params = client_of(registry.uri).get_run(run).data.params
    chain = [json.loads(params[key]) for key in sorted(params) if ".champion." in key]
    assert all(earlier["to"] == later["before"] for earlier, later in itertools.pairwise(chain))
    assert len(chain) - 1 == won > 0
    assert (champion(registry), previous(registry)) == (chain[-1]["to"], chain[-1]["before"])
