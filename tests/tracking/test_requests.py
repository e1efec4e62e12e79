import json
import os
import time
from pathlib import Path

import pytest

from tracking import requests
from tracking.requests import Mailbox, is_waiting, remove, send, waiting


def test_what_was_sent_waits_in_the_order_in_which_it_was_asked(tmp_path: Path) -> None:
    sent = [send(tmp_path, "stop", {"trial": number}) for number in range(20)]
    assert waiting(tmp_path) == sent
    assert [request.arguments["trial"] for request in sent] == list(range(20))
    assert all(is_waiting(tmp_path, request) for request in sent)


def test_a_request_says_who_asked(tmp_path: Path) -> None:
    assert send(tmp_path, "pause").by.endswith(f"@{os.uname().nodename}")


def test_what_was_removed_waits_no_longer_and_removing_it_again_is_nothing(tmp_path: Path) -> None:
    first, second = send(tmp_path, "pause"), send(tmp_path, "stop")
    remove(tmp_path, first)
    remove(tmp_path, first)
    assert waiting(tmp_path) == [second]
    assert not is_waiting(tmp_path, first)


def test_a_request_that_is_half_written_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        send(tmp_path, "stop")
    assert len(list((tmp_path / requests.FOLDER).iterdir())) == 1
    assert waiting(tmp_path) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"id": 1}', "null", '{"unknown": 1}'])
def test_what_is_no_request_is_left_out(tmp_path: Path, content: str) -> None:
    sent = send(tmp_path, "pause")
    (tmp_path / requests.FOLDER / "0.json").write_text(content)
    assert waiting(tmp_path) == [sent]


def test_a_sweep_that_was_never_asked_anything_has_no_requests(tmp_path: Path) -> None:
    assert waiting(tmp_path) == []
    assert Mailbox(tmp_path).news() == []


def test_a_mailbox_is_looked_into_now_and_then_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.4, 100.6])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    mailbox, sent = Mailbox(tmp_path), send(tmp_path, "pause")
    assert mailbox.news() == [sent]
    assert mailbox.news() == []
    assert mailbox.news() == [sent]
    mailbox.remove(sent)
    assert waiting(tmp_path) == []


def test_a_request_is_plain_json_that_a_person_can_read(tmp_path: Path) -> None:
    request = send(tmp_path, "enqueue", {"point": {"optimizer.sgd.lr": 0.1}})
    told = json.loads((tmp_path / requests.FOLDER / f"{request.id}.json").read_text())
    assert told["verb"] == "enqueue"
    assert told["arguments"] == {"point": {"optimizer.sgd.lr": 0.1}}
