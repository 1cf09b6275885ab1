"""Numbers and lists in sentences."""

from __future__ import annotations

import pytest

from bench.wording import count, listed, seeds


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1234, "1,234 runs")],
)
def test_count(number: object, text: str) -> None:
    assert count(number, "run") == text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([7], "seed 7"),
        ([1, 2], "seeds 1, 2"),
        ([1, 2, 3], "seeds 1-3"),
        ([1, 2, 3, 5, 9, 8], "seeds 1-3, 5, 9, 8"),
    ],
)
def test_seeds(numbers: list[int], text: str) -> None:
    assert seeds(numbers) == text


@pytest.mark.parametrize(("words", "text"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_listed(words: str, text: str) -> None:
    assert listed(list(words)) == text
