"""Dropout's distribution, scale, seed and gradient."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from bench.models.dropout import Dropout, dropout


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9])
def test_survivors_are_as_many_as_they_should_be_and_scaled(p: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(400_003)
    y = dropout(x, p, True)
    survivors = int((y != 0).sum())
    assert stats.binomtest(survivors, len(x), 1 - p).pvalue > 1e-4
    assert torch.unique(y[y != 0]).numel() == 1
    assert y.max().item() == pytest.approx(1 / (1 - p), rel=2e-4)


def test_elements_are_independent() -> None:
    # Four elements share a 64-bit word: neighbours must be no more alike than others.
    torch.manual_seed(1)
    kept = (dropout(torch.ones(400_000), 0.5, True) != 0).double().view(-1, 4)
    correlation = torch.corrcoef(kept.T) - torch.eye(4)
    assert correlation.abs().max() < 5 / len(kept) ** 0.5
    assert abs(torch.corrcoef(torch.stack([kept[:-1, 0], kept[1:, 0]]))[0, 1]) < 5 / len(kept) ** 0.5


def test_the_seed_decides() -> None:
    masks = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        masks.append(dropout(torch.ones(1000), 0.5, True))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_gradients_pass_where_values_do() -> None:
    x = torch.ones(50, 3, requires_grad=True)
    y = dropout(x, 0.4, True)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_nothing_happens_at_evaluation_or_without_dropout() -> None:
    x = torch.randn(5)
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0).train()(x) is x
