import threading
import time

import pytest

from tracking.side_by_side import side_by_side


@pytest.mark.parametrize("at_once", [1, 3, 20])
def test_every_item_is_acted_on_once(at_once: int) -> None:
    done: list[int] = []
    side_by_side(done.append, range(10), at_once)
    assert sorted(done) == list(range(10))


def test_one_at_a_time_keeps_the_order_and_the_thread() -> None:
    done: list[tuple[int, int]] = []
    side_by_side(lambda item: done.append((item, threading.get_ident())), [3, 1, 2], 1)
    assert done == [(item, threading.get_ident()) for item in (3, 1, 2)]


@pytest.mark.parametrize("at_once", [1, 2])
def test_after_an_error_nothing_more_is_begun_and_the_error_is_raised(at_once: int) -> None:
    done: list[int] = []

    def act(item: int) -> None:
        if item == 2:
            raise ValueError("the third")
        time.sleep(0.02)
        done.append(item)

    with pytest.raises(ValueError, match="the third"):
        side_by_side(act, range(50), at_once)
    assert set(done) <= {0, 1, 3}


def test_the_threads_do_not_keep_a_process_from_ending() -> None:
    daemons: list[bool] = []
    side_by_side(lambda _: daemons.append(threading.current_thread().daemon), range(2), 2)
    assert daemons == [True, True]


def test_nothing_to_do_is_nothing() -> None:
    side_by_side(lambda _: pytest.fail("there is no item"), [], 4)
