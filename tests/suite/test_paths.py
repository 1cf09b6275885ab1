"""Which paths stay in their folder, on every system."""

from __future__ import annotations

import pytest

from bench.suite.paths import check_inside, leaves_folder


@pytest.mark.parametrize("name", ["a.txt", "a/b c/d.txt", "a/./b", "..a/b..", "\u00e9"])
def test_paths_below_the_folder_stay(name: str) -> None:
    assert not leaves_folder(name)
    assert check_inside(name) == name


@pytest.mark.parametrize("name", ["/a", "..", "a/../b", "a\\b", "C:a", "a\0b"])
def test_paths_that_are_absolute_or_go_up_or_are_another_systems_leave(name: str) -> None:
    assert leaves_folder(name)
    with pytest.raises(ValueError, match="no path inside the data folder"):
        check_inside(name)


def test_the_folder_itself_is_no_file() -> None:
    with pytest.raises(ValueError, match="no path inside"):
        check_inside("")
