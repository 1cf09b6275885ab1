"""A layer of gated recurrent units over rows in time order, with its gradient written out.

torch's own layer on the processor makes zeros of the whole batch's size at every time step of its gradient.
Here everything that does not wait for the step before (all products with the input, all gradients of weights,
the derivatives of the gates) is one operation for all steps; a step back in time is four.

The unit is torch.nn.GRU's without biases: r = s(W_ir x + W_hr h), z = s(W_iz x + W_hz h),
n = tanh(W_in x + r * W_hn h), h' = n + z * (h - n).

Shape letters: T tokens in time order (all first ones, then all second ones, ...), E input and H state width.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _GatedRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_TE: Tensor, weight_in: Tensor, weight_state: Tensor, sizes: list[int]) -> Tensor:
        width = weight_state.shape[1]
        spans = _spans(sizes)
        given_T3H = x_TE @ weight_in.T
        states_TH, before_TH = (x_TE.new_zeros(len(x_TE), width) for _ in range(2))
        gates_T2H = x_TE.new_empty(len(x_TE), 2 * width)
        recalled_TH, new_TH = (x_TE.new_zeros(len(x_TE), width) for _ in range(2))
        for step, (start, stop) in enumerate(spans):
            given, gates, new = given_T3H[start:stop], gates_T2H[start:stop], new_TH[start:stop]
            if step:
                first = spans[step - 1][0]
                before_TH[start:stop] = states_TH[first : first + stop - start]
                from_state = before_TH[start:stop] @ weight_state.T
                torch.add(given[:, : 2 * width], from_state[:, : 2 * width], out=gates).sigmoid_()
                recalled_TH[start:stop] = from_state[:, 2 * width :]
            else:
                torch.sigmoid(given[:, : 2 * width], out=gates)
            torch.addcmul(given[:, 2 * width :], gates[:, :width], recalled_TH[start:stop], out=new).tanh_()
            torch.lerp(new, before_TH[start:stop], gates[:, width:], out=states_TH[start:stop])
        ctx.sizes = sizes
        ctx.save_for_backward(x_TE, weight_in, weight_state, before_TH, gates_T2H, recalled_TH, new_TH)
        return states_TH

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_TH: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x_TE, weight_in, weight_state, before_TH, gates_T2H, recalled_TH, new_TH = ctx.saved_tensors
        reset_TH, update_TH = gates_T2H.chunk(2, dim=1)
        width = new_TH.shape[1]
        # The derivatives of h' by what stands inside the three gates: reset, update, and the recalled state,
        # which the new gate multiplies with the reset.
        by_state_T3H = new_TH.new_empty(len(new_TH), 3 * width)
        by_reset, by_update, by_recalled = by_state_T3H.split(width, dim=1)
        by_new = (1 - update_TH).mul_(1 - new_TH.square())
        torch.mul(by_new, reset_TH, out=by_recalled)
        torch.mul(by_recalled, recalled_TH, out=by_reset).mul_(1 - reset_TH)
        torch.mul(before_TH - new_TH, update_TH, out=by_update).mul_(1 - update_TH)
        grad_TH = grad_TH.clone()
        through_T3H = torch.empty_like(by_state_T3H)
        spans = _spans(ctx.sizes)
        for (first, _), (start, stop) in reversed(list(pairwise(spans))):
            grad = grad_TH[start:stop]
            through = through_T3H[start:stop]
            torch.mul(
                by_state_T3H[start:stop].unflatten(1, (3, -1)),
                grad.unsqueeze(1),
                out=through.unflatten(1, (3, -1)),
            )
            earlier = grad_TH[first : first + stop - start]
            earlier.addmm_(through, weight_state).addcmul_(grad, update_TH[start:stop])
        # The first step comes from no state: its part of the gradient of the state's weight is zero.
        later = spans[0][1]
        grad_state = through_T3H[later:].T @ before_TH[later:]
        # The input meets the same gates; to the new one it is added without the reset.
        torch.mul(by_state_T3H[:later], grad_TH[:later].repeat(1, 3), out=through_T3H[:later])
        torch.mul(by_new, grad_TH, out=through_T3H[:, 2 * width :])
        return through_T3H @ weight_in, through_T3H.T @ x_TE, grad_state, None


def _spans(sizes: list[int]) -> list[tuple[int, int]]:
    """First token of each step, and one past its last."""
    spans, start = [], 0
    for size in sizes:
        spans.append((start, start + size))
        start += size
    return spans


def gated_recurrence(x_TE: Tensor, weight_in: Tensor, weight_state: Tensor, sizes: list[int]) -> Tensor:
    """The states after every token: [T, H].

    Args:
        x_TE: inputs in time order.
        weight_in: [3H, E], reset, update and new gate.
        weight_state: [3H, H], likewise.
        sizes: rows that still run at each step, never more than at the one before; row r stands at place r of
            every step it takes part in.
    """
    states: Tensor = _GatedRecurrence.apply(x_TE, weight_in, weight_state, sizes)
    return states
