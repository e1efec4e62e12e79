import gc
from collections.abc import Iterator

import pytest

from tuner import garbage


@pytest.fixture
def _as_before() -> Iterator[None]:
    before = gc.isenabled()
    yield
    (gc.enable if before else gc.disable)()


@pytest.mark.parametrize("sought", [True, False])
def test_garbage_is_not_sought_inside_and_as_before_afterwards(_as_before: None, sought: bool) -> None:
    (gc.enable if sought else gc.disable)()
    with pytest.raises(KeyError), garbage.not_sought():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled() == sought
