"""Index arithmetic for rows of unequal length."""

from __future__ import annotations

import torch
from torch import Tensor


def ranges(starts_M: Tensor, counts_M: Tensor) -> tuple[Tensor, Tensor]:
    """Row number and value of every entry of ``starts[m], ..., starts[m] + counts[m] - 1``: [N] and [N]."""
    row_N = torch.repeat_interleave(torch.arange(len(counts_M), device=counts_M.device), counts_M)
    first_M = counts_M.cumsum(0) - counts_M
    within_N = torch.arange(len(row_N), device=row_N.device) - first_M[row_N]
    return row_N, starts_M[row_N] + within_N
