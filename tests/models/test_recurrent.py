"""The gated recurrence against torch.nn.GRU, and its gradient against finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from bench.models.recurrent import gated_recurrence


@pytest.mark.parametrize("sizes", [[4, 3, 3, 1], [1], [5], [1, 1, 1], [2, 1]])
def test_states_and_gradients_are_torchs(sizes: list[int]) -> None:
    torch.manual_seed(0)
    layer = nn.GRU(3, 5, bias=False, dtype=torch.float64)
    x = torch.randn(sum(sizes), 3, dtype=torch.float64, requires_grad=True)
    wanted = layer(PackedSequence(x, torch.tensor(sizes)))[0].data
    found = gated_recurrence(x, layer.weight_ih_l0, layer.weight_hh_l0, sizes)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-14)
    direction = torch.randn_like(wanted)
    leaves = (x, layer.weight_ih_l0, layer.weight_hh_l0)
    for ours, theirs in zip(
        torch.autograd.grad(found, leaves, direction),
        torch.autograd.grad(wanted, leaves, direction),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)


def test_gradient_is_the_derivative() -> None:
    torch.manual_seed(1)
    x, inner, state = (torch.randn(shape, dtype=torch.float64) for shape in ((6, 2), (9, 2), (9, 3)))
    leaves = [tensor.requires_grad_() for tensor in (x, inner, state)]
    assert torch.autograd.gradcheck(lambda x, a, b: gated_recurrence(x, a, b, [3, 2, 1]), leaves)
