"""Ranking against brute force over a score matrix written by the test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bench.data.prepared import Targets, TrainingData
from bench.errors import TrainingError
from bench.evaluation.ranking import histories, rank, rows_for_scoring
from bench.models.base import ModelContext, Recommender
from bench.models.batch import Batch
from bench.models.building import build


def targets_of(items: Sequence[int] | np.ndarray) -> Targets:
    """A target for each of the users 0, 1, ..."""
    return Targets(np.arange(len(items)), np.asarray(items))


class Fixed(Recommender):
    """Scores every user from a given matrix [U, V]."""

    def __init__(self, matrix: np.ndarray) -> None:
        super().__init__()
        self.matrix = torch.from_numpy(matrix)
        self.seen: list[Batch] = []

    def scores(self, batch: Batch) -> Tensor:
        self.seen.append(batch)
        return self.matrix[batch.users]


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    users, items = draw(st.integers(1, 6)), draw(st.integers(2, 9))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 4, size=(users, items + 1)).astype(np.float64)  # few values: many ties
    matrix[:, 0] = 99  # the padding item must never count
    rows = [rng.integers(1, items + 1, size=rng.integers(1, 5)) for _ in range(users)]
    return matrix, rows, rng.integers(1, items + 1, size=users)


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(1, 4), st.booleans())
def test_counts_equal_brute_force(
    case: tuple[np.ndarray, list[np.ndarray], np.ndarray], chunk: int, mask: bool
) -> None:
    matrix, rows, targets = case
    n_items = matrix.shape[1] - 1
    wanted = targets_of(targets)
    ranks = rank(Fixed(matrix), rows, wanted, n_items=n_items, max_length=3, mask_history=mask, chunk=chunk)
    for user, target in enumerate(targets):
        others = [
            item for item in range(1, n_items + 1) if item != target and not (mask and item in rows[user])
        ]
        assert ranks.better[user] == sum(matrix[user, i] > matrix[user, target] for i in others)
        assert ranks.ties[user] == sum(matrix[user, i] == matrix[user, target] for i in others)
    assert ranks.targets is wanted


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_fails(bad: float) -> None:
    matrix = np.zeros((2, 5))
    matrix[1, 3] = bad
    with pytest.raises(TrainingError, match="not finite"):
        rank(Fixed(matrix), [np.array([1])] * 2, targets_of([2, 2]), n_items=4, max_length=3)


def test_large_finite_scores_are_fine() -> None:
    matrix = np.full((1, 5), 1e38, dtype=np.float32)  # their sum overflows
    ranks = rank(Fixed(matrix), [np.array([1])], targets_of([2]), n_items=4, max_length=3)
    assert (ranks.better[0], ranks.ties[0]) == (0, 3)


def test_histories_of_validation_and_test() -> None:
    data = TrainingData(
        n_users=2,
        n_items=9,
        offsets=np.array([0, 2, 3]),
        items=np.array([4, 5, 6]),
        validation=np.array([7, 8]),
    )
    both = np.arange(2)
    assert [h.tolist() for h in histories(data, both, with_validation=False)] == [[4, 5], [6]]
    assert [h.tolist() for h in histories(data, both, with_validation=True)] == [[4, 5, 7], [6, 8]]


def test_histories_of_a_split_in_time() -> None:
    data = TrainingData(
        n_users=3,
        n_items=9,
        offsets=np.array([0, 2, 3, 4]),
        items=np.array([4, 5, 6, 1]),
        validation=np.array([7, 8, 9]),
        validation_offsets=np.array([0, 2, 2, 3]),
    )
    targets = data.validation_targets()
    assert (targets.users.tolist(), targets.items.tolist()) == ([0, 2], [7, 9])
    assert [h.tolist() for h in histories(data, targets.users, with_validation=False)] == [[4, 5], [1]]
    assert [h.tolist() for h in histories(data, np.arange(3), with_validation=True)] == [
        [4, 5, 7, 8],
        [6],
        [1, 9],
    ]


def test_users_are_told_to_the_model() -> None:
    model = Fixed(np.zeros((9, 4)))
    targets = Targets(np.array([3, 7, 8]), np.array([1, 2, 1]))
    rank(model, [np.array([1])] * 3, targets, n_items=3, max_length=2)
    assert [batch.users.tolist() for batch in model.seen] == [[3, 7, 8]]


def test_rows_keep_the_newest_items() -> None:
    rows = [np.array([1, 2, 3, 4]), np.array([5])]
    batch = rows_for_scoring(Fixed(np.zeros((2, 7))), rows, np.arange(2), 6, 3)
    padded, lengths, at = batch.padded()
    assert padded.tolist() == [[5, 0, 0], [2, 3, 4]]
    assert lengths.tolist() == [1, 3]
    assert at.tolist() == [[1, 2], [0, 0]]  # user 0 reads row 1's last token
    assert batch.users.tolist() == [0, 1]


def test_a_masked_model_gets_the_mask_after_the_history() -> None:
    context = ModelContext(n_items=6, n_users=2, max_length=3)
    model = build("BERT4Rec", {"hidden_size": 8, "heads": 2, "layers": 1}, context)
    rows = [np.array([1, 2, 3, 4]), np.array([5])]
    padded, _, at = rows_for_scoring(model, rows, np.arange(2), 6, 3).padded()
    assert padded.tolist() == [[5, 7, 0], [3, 4, 7]]
    assert at.tolist() == [[1, 2], [0, 1]]


def test_ranking_leaves_the_mode_as_it_was() -> None:
    model = Fixed(np.zeros((1, 3)))
    for mode in (True, False):
        model.train(mode)
        rank(model, [np.array([1])], targets_of([2]), n_items=2, max_length=3)
        assert model.training is mode
