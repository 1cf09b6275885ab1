"""The chunked cross-entropy against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from bench.models import softmax
from bench.models.softmax import linear_cross_entropy


@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize("bias", [False, True])
def test_loss_and_gradients_are_torchs(monkeypatch: pytest.MonkeyPatch, rows: int, bias: bool) -> None:
    monkeypatch.setattr(softmax, "chunk_rows", lambda row_bytes, device: rows)
    torch.manual_seed(0)
    shapes = [(7, 4), (11, 4)] + ([(11,)] if bias else [])
    ours = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    theirs = [tensor.detach().clone().requires_grad_() for tensor in ours]
    targets = torch.randint(11, (7,))
    loss = linear_cross_entropy(ours[0], ours[1], ours[2] if bias else None, targets)
    reference = F.cross_entropy(F.linear(theirs[0], theirs[1], theirs[2] if bias else None), targets)
    (3 * loss).backward()
    (3 * reference).backward()
    torch.testing.assert_close(loss, reference, rtol=0, atol=1e-13)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=0, atol=1e-13)


def test_huge_scores_stay_finite() -> None:
    state = torch.full((2, 1), 1e4, requires_grad=True)
    weight = torch.tensor([[1.0], [-1.0], [0.0]], requires_grad=True)
    loss = linear_cross_entropy(state, weight, None, torch.tensor([1, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(1e4)
    assert torch.isfinite(weight.grad).all()


def test_without_gradients() -> None:
    with torch.no_grad():
        loss = linear_cross_entropy(torch.zeros(2, 3), torch.zeros(5, 3), None, torch.tensor([0, 4]))
    assert loss.item() == pytest.approx(torch.log(torch.tensor(5.0)).item())


def test_products_in_bfloat16_round_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(softmax, "chunk_rows", lambda row_bytes, device: 16)
    torch.manual_seed(0)
    targets = torch.randint(300, (50,))
    values = [0.3 * torch.randn(50, 32), torch.randn(300, 32), torch.randn(300)]
    results = []
    for bf16 in (False, True):
        leaves = [value.clone().requires_grad_() for value in values]
        state, weight, bias = leaves
        loss = linear_cross_entropy(state, weight, bias, targets, bf16=bf16)
        loss.backward()
        results.append([loss.detach(), *(leaf.grad for leaf in leaves)])
        assert all(tensor.dtype == torch.float32 for tensor in results[-1])
    for plain, reduced in zip(*results, strict=True):
        # Eight bits of mantissa: each rounding is off by 2^-9 of the value at most, and a few of them add up.
        assert 0 < (plain - reduced).abs().max() < 2**-6 * plain.abs().max()
