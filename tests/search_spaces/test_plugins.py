import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from search_spaces import plugins

CHOICE = '''from search_spaces.choice import Choice

class {name}(Choice):
    """A thing."""
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with the plug-ins `first` and `second`, and a file of helpers."""
    package = tmp_path / "things_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "second.py").write_text(CHOICE.format(name="Second"))
    (package / "first.py").write_text("from things_of_a_test.second import Second\n" + CHOICE.format(name="First"))
    (package / "_helper.py").write_text("")
    (package / "both.py").write_text(CHOICE.format(name="One") + CHOICE.format(name="Two"))
    monkeypatch.syspath_prepend(tmp_path)
    yield "things_of_a_test"
    for name in [name for name in sys.modules if name.startswith("things_of_a_test")]:
        del sys.modules[name]
    plugins.names.cache_clear()


def test_the_folder_is_the_list(folder: str) -> None:
    assert plugins.names(folder) == ("both", "first", "second")


def test_a_choice_is_found_by_its_files_name_whatever_the_file_imports(folder: str) -> None:
    assert plugins.find(folder, "first").__name__ == "First"
    assert plugins.find(folder, "second").__name__ == "Second"


def test_an_unknown_name_suggests_the_nearest(folder: str) -> None:
    with pytest.raises(plugins.UnknownNameError, match="'secnd' is not one of the things_of_a_test; did you mean 'sec"):
        plugins.find(folder, "secnd")


def test_a_name_near_to_none_lists_all(folder: str) -> None:
    with pytest.raises(plugins.UnknownNameError, match="known: both, first, second"):
        plugins.find(folder, "zzz")


def test_a_file_defines_one_choice(folder: str) -> None:
    with pytest.raises(TypeError, match=r"both.py must define exactly one choice, it defines 2"):
        plugins.find(folder, "both")


def test_a_helper_is_no_plug_in(folder: str) -> None:
    with pytest.raises(plugins.UnknownNameError):
        plugins.find(folder, "_helper")


def test_a_suggestion_for_something_that_is_no_text() -> None:
    assert plugins.suggestion(3, ["three"]) == "; known: three"
    assert plugins.suggestion("x", []) == ""
