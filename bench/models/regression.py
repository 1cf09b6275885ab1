"""Squared error of a linear prediction of item features, without forming the predictions.

With frozen features v of width d much larger than the model's, predictions and errors [M, d] are what costs.
Of ||W h + b - v||^2 only products of width D are needed: W'W once per batch, and W'v once per distinct item.
The result is the plain formula's, to rounding.

Shape letters: M targets, D model width, d features, N items, K distinct items among the targets.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class _LinearSquaredError(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        state_MD: Tensor,
        weight_dD: Tensor,
        bias_d: Tensor,
        values_Nd: Tensor,
        squares_N: Tensor,
        items_M: Tensor,
        share_M: Tensor,
    ) -> Tensor:
        items_K, place_M = torch.unique(items_M, return_inverse=True)
        values_Kd = values_Nd[items_K]
        shared_MD = share_M[:, None] * state_MD
        shared_KD = torch.zeros(len(items_K), state_MD.shape[1], dtype=state_MD.dtype, device=state_MD.device)
        shared_KD.index_add_(0, place_M, shared_MD)
        share_K = shared_KD.new_zeros(len(items_K)).index_add_(0, place_M, share_M)
        total_D = shared_MD.sum(0)

        # W'(W h + b - v) of every target
        seen_MD = torch.mm(values_Kd, weight_dD)[place_M]
        bias_D = weight_dD.T @ bias_d
        pulled_MD = torch.addmm(bias_D, state_MD, weight_dD.T @ weight_dD) - seen_MD
        # ||W h + b - v||^2 = h'W'(W h + b - v) + h'W'(b - v) + ||b||^2 - 2 b'v + ||v||^2
        error_M = (state_MD * (pulled_MD + bias_D - seen_MD)).sum(1)
        error_M += bias_d @ bias_d - 2 * (values_Kd @ bias_d)[place_M] + squares_N[items_M]

        grad_weight = torch.mm(weight_dD, state_MD.T @ shared_MD)
        grad_weight.addmm_(values_Kd.T, shared_KD, alpha=-1).addr_(bias_d, total_D)
        grad_bias = weight_dD @ total_D + bias_d * share_M.sum() - values_Kd.T @ share_K
        ctx.grads = (share_M[:, None] * pulled_MD, grad_weight, grad_bias)
        return torch.dot(share_M, error_M)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        state, weight, bias = (g.mul_(2 * grad) for g in ctx.grads)
        ctx.grads = (None, None, None)  # scaled in place: they cannot serve twice
        return state, weight, bias, None, None, None, None


def linear_squared_error(
    state_MD: Tensor,
    weight_dD: Tensor,
    bias_d: Tensor,
    values_Nd: Tensor,
    squares_N: Tensor,
    items_M: Tensor,
    share_M: Tensor,
) -> Tensor:
    """Sum over targets m of share_m ||W h_m + b - v_(item m)||^2: scalar.

    Gradients can be taken once.

    Args:
        state_MD: h.
        weight_dD: W.
        bias_d: b.
        values_Nd: v of every item; takes no gradient.
        squares_N: ||v||^2 of every item.
        items_M: item of each target.
        share_M: weight of each target; takes no gradient.
    """
    # An accelerator has the memory, and would have to be asked how many items are distinct.
    how = _LinearSquaredError.apply if state_MD.device.type == "cpu" else formed_squared_error
    loss: Tensor = how(state_MD, weight_dD, bias_d, values_Nd, squares_N, items_M, share_M)
    return loss


def formed_squared_error(
    state_MD: Tensor,
    weight_dD: Tensor,
    bias_d: Tensor,
    values_Nd: Tensor,
    squares_N: Tensor,
    items_M: Tensor,
    share_M: Tensor,
) -> Tensor:
    """`linear_squared_error` as it is written: the predictions are formed."""
    error_Md = F.linear(state_MD, weight_dD, bias_d) - values_Nd[items_M]
    return torch.dot(error_Md.square().sum(1), share_M)
