"""The squared error without predictions against the plain formula and torch's gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from bench.models.regression import formed_squared_error, linear_squared_error

ITEMS, WIDE, WIDTH, TARGETS = 9, 13, 4, 20


def case(dtype: torch.dtype) -> tuple[list[Tensor], Tensor, Tensor, Tensor]:
    """State, weight, bias; values of items; targets with repeats; shares, some of them zero."""
    torch.manual_seed(0)
    parts = [torch.randn(shape, dtype=torch.float64) for shape in ((TARGETS, WIDTH), (WIDE, WIDTH), (WIDE,))]
    values = torch.randn(ITEMS, WIDE, dtype=torch.float64) * 3
    share = torch.rand(TARGETS, dtype=torch.float64) * (torch.arange(TARGETS) % 3 > 0)
    items = torch.randint(ITEMS, (TARGETS,))
    return [p.to(dtype).requires_grad_() for p in parts], values.to(dtype), items, share.to(dtype)


def plain(parts: list[Tensor], values: Tensor, items: Tensor, share: Tensor) -> Tensor:
    state, weight, bias = parts
    return ((F.linear(state, weight, bias) - values[items]).square().sum(1) * share).sum()


@pytest.mark.parametrize("how", [linear_squared_error, formed_squared_error])
@pytest.mark.parametrize(("dtype", "within"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
def test_loss_and_gradients_are_the_plain_formulas(
    dtype: torch.dtype, within: float, how: Callable[..., Tensor]
) -> None:
    parts, values, items, share = case(dtype)
    truth = case(torch.float64)
    (3 * plain(*truth)).backward()
    state, weight, bias = parts
    loss = how(state, weight, bias, values, values.square().sum(1), items, share)
    (3 * loss).backward()
    torch.testing.assert_close(loss.double(), plain(*truth), rtol=within, atol=0)
    for ours, theirs in zip(parts, truth[0], strict=True):
        assert ours.grad is not None and theirs.grad is not None
        torch.testing.assert_close(
            ours.grad.double(), theirs.grad, rtol=0, atol=within * float(theirs.grad.abs().max())
        )


def test_a_small_error_of_large_features_keeps_its_digits() -> None:
    """Predictions within 1% of features of norm 100: the terms cancel, and the float32 result still holds."""
    torch.manual_seed(1)
    state, weight = torch.randn(50, 8, dtype=torch.float64), torch.randn(64, 8, dtype=torch.float64)
    values = F.linear(state, weight) * 4 + 0.3 * torch.randn(50, 64, dtype=torch.float64)
    weight, bias, share = weight * 4, torch.zeros(64, dtype=torch.float64), torch.full((50,), 1 / 50).double()
    items = torch.arange(50)
    expected = plain([state, weight, bias], values, items, share)
    found = linear_squared_error(
        state.float(),
        weight.float(),
        bias.float(),
        values.float(),
        values.float().square().sum(1),
        items,
        share.float(),
    )
    assert float(found) == pytest.approx(float(expected), rel=1e-3)
