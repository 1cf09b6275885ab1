"""Intervals against tables, scipy and simulation; verdicts; the number of seeds against simulation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.welch import Interval, Verdict, decide, seeds_needed, welch_interval

SPREAD, MARGIN = 0.04, 0.05


def simulate(seeds: int, difference: float = 0.0, pairs: int = 2000) -> tuple[float, dict[Verdict, float]]:
    """How often the interval covers the truth, and how often each verdict is given, on normal samples.

    The reference's true mean is 1; the margin is relative to its mean in the sample, as in a table.
    """
    generator = np.random.default_rng(7)
    covered, verdicts = 0, Counter[Verdict]()
    for _ in range(pairs):
        a = generator.normal(1 + difference, SPREAD, seeds).tolist()
        b = generator.normal(1, SPREAD, seeds).tolist()
        interval = welch_interval(a, b)
        covered += interval.low <= difference <= interval.high
        verdicts[decide(interval, MARGIN * sum(b) / seeds)] += 1
    return covered / pairs, {verdict: n / pairs for verdict, n in verdicts.items()}


def test_an_interval_by_hand() -> None:
    """Variances 1 and 1, so 4 degrees of freedom; a table of Student's t gives 2.132 for 95% on one side."""
    interval = welch_interval([5, 6, 7], [1, 2, 3])
    assert interval.difference == 4
    assert interval.high - 4 == pytest.approx(2.132 * (2 / 3) ** 0.5, abs=1e-3)
    assert 4 - interval.low == pytest.approx(interval.high - 4)


def test_unequal_spreads_by_hand() -> None:
    """Squared standard errors 1/2 * 8 = 4 and 0: the one degree of freedom of the first sample is left."""
    interval = welch_interval([0, 2 * 8**0.5], [1, 1, 1, 1, 1])
    assert interval.high - interval.difference == pytest.approx(6.314 * 8**0.5, abs=1e-2)


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy's, where one sample is constant
@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=25),
    st.lists(st.floats(0.01, 1), min_size=2, max_size=25),
    st.sampled_from([0.8, 0.9, 0.99]),
)
def test_the_interval_is_scipys(a: list[float], b: list[float], confidence: float) -> None:
    if np.std(a) + np.std(b) < 1e-6:
        return  # scipy warns of cancellation
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(confidence)
    found = welch_interval(a, b, confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-9)


def test_without_spread_the_interval_is_a_point() -> None:
    assert welch_interval([0.5, 0.5], [0.25, 0.25, 0.25]) == Interval(0.25, 0.25, 0.25)


def test_small_metrics_keep_their_degrees_of_freedom() -> None:
    tiny = welch_interval([5e-100, 6e-100, 7e-100], [1e-100, 2e-100, 3e-100])
    assert tiny.high * 1e100 == pytest.approx(welch_interval([5, 6, 7], [1, 2, 3]).high)


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], [])])
def test_one_value_has_no_spread(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="two values"):
        welch_interval(a, b)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.5, 0.5, "equal"),
        (-1.0, 1.0, "equal"),
        (0.2, 0.9, "equal"),  # differs for certain, but by less than counts
        (-1.1, 0.0, "not decided"),
        (0.9, 1.1, "not decided"),
        (-2.0, 2.0, "not decided"),
        (1.0, 2.0, "not decided"),
        (1.01, 2.0, "different"),
        (-2.0, -1.01, "different"),
    ],
)
def test_verdicts(low: float, high: float, verdict: Verdict) -> None:
    assert decide(Interval((low + high) / 2, low, high), 1.0) == verdict


def test_coverage_and_how_often_identical_code_is_called_equal() -> None:
    covered, verdicts = simulate(20)
    assert covered == pytest.approx(0.90, abs=0.02)
    assert verdicts["equal"] == pytest.approx(0.976, abs=0.015)
    assert "different" not in verdicts
    covered, verdicts = simulate(10)
    assert covered == pytest.approx(0.90, abs=0.02)
    assert verdicts["equal"] == pytest.approx(0.70, abs=0.03)


def test_a_difference_of_the_margin_is_rarely_called_equal() -> None:
    _, verdicts = simulate(20, difference=MARGIN)
    assert verdicts["equal"] == pytest.approx(0.05, abs=0.015)
    assert verdicts["different"] == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("difference", [0.0, 0.01, 0.1])
def test_the_number_of_seeds_decides_in_four_cases_of_five(difference: float) -> None:
    needed = seeds_needed(difference, SPREAD, SPREAD, MARGIN)
    assert needed is not None
    _, verdicts = simulate(needed, difference)
    assert 1 - verdicts["not decided"] == pytest.approx(0.81, abs=0.03)
    _, fewer = simulate(needed - 2, difference)
    assert 1 - fewer["not decided"] < 0.78


def test_at_the_margin_no_number_of_seeds_will_do() -> None:
    assert seeds_needed(MARGIN, SPREAD, SPREAD, MARGIN) is None
    assert seeds_needed(-MARGIN, SPREAD, SPREAD, MARGIN) is None
    assert seeds_needed(0.9 * MARGIN, SPREAD, SPREAD, MARGIN) is not None


@settings(max_examples=30)
@given(st.floats(0, 0.12), st.floats(0.01, 0.08), st.floats(0.01, 0.08), st.sampled_from([0.5, 0.0625]))
def test_the_number_of_seeds_knows_no_unit_and_no_side(
    difference: float, sd_a: float, sd_b: float, unit: float
) -> None:
    found = seeds_needed(difference, sd_a, sd_b, MARGIN)
    assert found is None or 3 <= found <= 1000
    assert seeds_needed(-difference * unit, sd_b * unit, sd_a * unit, MARGIN * unit) == found
    smaller = seeds_needed(difference, sd_a / 2, sd_b / 2, MARGIN)
    assert found is None or (smaller is not None and smaller <= found)
