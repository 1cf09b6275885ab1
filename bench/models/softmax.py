"""Cross-entropy over the catalogue without keeping the catalogue's scores.

The product with the item matrix and the softmax over it are most of a training step. Computing loss and
gradients together, some rows at a time, keeps the scores in the processor's cache and never stores them.
The result is `torch.nn.functional.cross_entropy` of the whole product, to rounding.

Shape letters: M targets, D model width, V classes, R rows of a chunk.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from bench.models.chunks import chunk_rows


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, state_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, targets_M: Tensor, bf16: bool
    ) -> Tensor:
        kind = weight_VD.dtype
        reduced = torch.bfloat16 if bf16 else kind  # of the products; all else stays as the weights are
        factor_VD, state_MD = weight_VD.to(reduced), state_MD.to(reduced)
        needed = any(ctx.needs_input_grad)
        grad_state = state_MD.new_empty(state_MD.shape, dtype=kind) if needed else None
        grad_weight = torch.zeros_like(weight_VD) if needed else None
        grad_bias = torch.zeros_like(bias_V) if needed and bias_V is not None else None
        total = weight_VD.new_zeros(())
        count, classes = len(targets_M), len(weight_VD)
        rows = min(count, chunk_rows(classes * weight_VD.element_size(), weight_VD.device))
        buffer = weight_VD.new_empty(classes * rows)
        for start in range(0, count, rows):
            state_RD, targets_1R = state_MD[start : start + rows], targets_M[None, start : start + rows]
            # Classes down, targets across: the orientation in which the products are fastest, and the
            # reductions over classes add whole rows.
            error_VR = buffer[: classes * len(state_RD)].view(classes, -1)
            if bf16:
                error_VR.copy_(factor_VD @ state_RD.T)
            else:
                torch.mm(factor_VD, state_RD.T, out=error_VR)
            if bias_V is not None:
                error_VR += bias_V[:, None]
            error_VR -= error_VR.amax(0)
            wanted_1R = error_VR.gather(0, targets_1R)
            sum_R = error_VR.exp_().sum(0)
            total += (sum_R.log() - wanted_1R).sum()
            if grad_state is None or grad_weight is None:
                continue
            # d loss / d logits = (softmax - one-hot) / M
            error_VR /= sum_R
            error_VR.scatter_add_(0, targets_1R, error_VR.new_full(targets_1R.shape, -1.0))
            if grad_bias is not None:
                grad_bias += error_VR.sum(1)
            if bf16:
                reduced_VR = error_VR.to(reduced)
                grad_state[start : start + rows] = reduced_VR.T @ factor_VD
                grad_weight += reduced_VR @ state_RD
            else:
                torch.mm(error_VR.T, factor_VD, out=grad_state[start : start + rows])
                grad_weight.addmm_(error_VR, state_RD)
        ctx.count = count
        ctx.grads = (grad_state, grad_weight, grad_bias)
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        scale = grad / ctx.count
        state, weight, bias = (None if g is None else g.mul_(scale) for g in ctx.grads)
        ctx.grads = (None, None, None)  # scaled in place: they cannot serve twice
        return state, weight, bias, None, None


def linear_cross_entropy(
    state_MD: Tensor, weight_VD: Tensor, bias_V: Tensor | None, targets_M: Tensor, *, bf16: bool = False
) -> Tensor:
    """Mean cross-entropy of ``state weight' + bias`` against the targets: scalar.

    Gradients can be taken once.

    Args:
        state_MD: what predicts each target.
        weight_VD: one row per class.
        bias_V: one value per class, or None.
        targets_M: class numbers.
        bf16: multiply in bfloat16; softmax, sums over chunks and gradients keep the weights' precision.
    """
    loss: Tensor = _LinearCrossEntropy.apply(state_MD, weight_VD, bias_V, targets_M, bf16)
    return loss
