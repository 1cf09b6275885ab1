"""Metrics against hand-worked values, scikit-learn (which averages over ties) and every order of the ties."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from bench.errors import InputError
from bench.evaluation.metrics import Metric, summarise

NAMES = ["Recall@1", "Recall@10", "HitRate@3", "NDCG@2", "NDCG@10", "MRR@4", "MRR"]


def one(name: str, better: int, ties: int, mode: str = "expected") -> float:
    return float(Metric.parse(name).per_user(np.array([better]), np.array([ties]), mode)[0])


def test_hand_worked_places() -> None:
    assert one("Recall@10", 9, 0) == 1.0
    assert one("Recall@10", 10, 0) == 0.0
    assert one("NDCG@10", 0, 0) == 1.0
    assert one("NDCG@10", 2, 0) == 0.5  # 1 / log2(4)
    assert one("MRR", 3, 0) == 0.25
    assert one("MRR@3", 3, 0) == 0.0


def test_hand_worked_ties() -> None:
    # Places 2, 3 and 4, each with probability 1/3.
    assert one("Recall@2", 1, 2) == pytest.approx(1 / 3)
    assert one("MRR", 1, 2) == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
    assert one("Recall@2", 1, 2, "optimistic") == 1.0
    assert one("Recall@2", 1, 2, "pessimistic") == 0.0
    # Averaging the metric is not the metric of the mean place (3), which would give 1 / 3.
    assert one("MRR", 1, 2) != pytest.approx(1 / 3)


@st.composite
def scored(draw: st.DrawFn) -> tuple[list[int], int]:
    scores = draw(st.lists(st.integers(0, 4), min_size=2, max_size=7))
    return scores, draw(st.integers(0, len(scores) - 1))


def counts(scores: list[int], target: int) -> tuple[int, int]:
    return (
        sum(s > scores[target] for s in scores),
        sum(s == scores[target] for s in scores) - 1,
    )


@given(scored(), st.integers(1, 7))
def test_expected_ndcg_is_scikit_learns(case: tuple[list[int], int], k: int) -> None:
    scores, target = case
    relevant = np.zeros(len(scores))
    relevant[target] = 1
    expected = ndcg_score([relevant], [scores], k=k, ignore_ties=False)
    assert one(f"NDCG@{k}", *counts(scores, target)) == pytest.approx(expected, abs=1e-12)


@given(scored())
def test_pessimistic_mrr_is_scikit_learns(case: tuple[list[int], int]) -> None:
    scores, target = case
    relevant = np.zeros(len(scores))
    relevant[target] = 1
    expected = label_ranking_average_precision_score([relevant], [scores])
    assert one("MRR", *counts(scores, target), mode="pessimistic") == pytest.approx(expected)


@given(scored(), st.sampled_from(NAMES))
def test_expected_is_the_mean_over_every_order_of_the_ties(case: tuple[list[int], int], name: str) -> None:
    scores, target = case
    metric = Metric.parse(name)
    values = []
    for order in itertools.permutations(range(len(scores))):
        ranked = sorted(order, key=lambda item: -scores[item])  # a stable sort keeps the order's ties
        place = ranked.index(target) + 1
        inside = metric.k is None or place <= metric.k
        gain = {"Recall": 1.0, "HitRate": 1.0, "NDCG": 1 / math.log2(place + 1), "MRR": 1 / place}
        values.append(gain[metric.name] if inside else 0.0)
    assert one(name, *counts(scores, target)) == pytest.approx(np.mean(values), abs=1e-12)


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from(NAMES))
def test_bounds_and_order_of_modes(better: int, ties: int, name: str) -> None:
    worst, mean, best = (one(name, better, ties, mode) for mode in ("pessimistic", "expected", "optimistic"))
    assert 0 <= worst <= mean + 1e-12
    assert mean <= best + 1e-12
    assert best <= 1


def test_constant_scores_are_worth_chance() -> None:
    # 100 candidates with one score: Recall@10 is 10 / 100, however large the set of users.
    assert one("Recall@10", 0, 99) == pytest.approx(0.1)


def test_summary_is_the_mean_over_users() -> None:
    better, ties = np.array([0, 20, 4]), np.array([0, 0, 0])
    assert summarise(("Recall@10", "MRR"), better, ties, "expected") == {
        "Recall@10": pytest.approx(2 / 3),
        "MRR": pytest.approx((1 + 1 / 21 + 1 / 5) / 3),
    }


@pytest.mark.parametrize(
    "text", ["Recall", "Recall@0", "recall@10", "NDCG@-1", "NDCG@ten", "Precision@5", ""]
)
def test_unknown_metric(text: str) -> None:
    with pytest.raises(InputError, match="no metric"):
        Metric.parse(text)
