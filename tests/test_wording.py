"""Numbers and lists in sentences."""

from __future__ import annotations

import pytest

from bench.wording import count, duration, listed, seeds


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "1 min 40 s"),
        (116, "2 min"),
        (594, "9 min 50 s"),
        (596, "10 min"),
        (89.4 * 60, "89 min"),
        (89.6 * 60, "1 h 30 min"),
        (2 * 3600, "2 h"),
        (47 * 3600 + 59.6 * 60, "2 d"),
        (51.4 * 3600, "2 d 3 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
