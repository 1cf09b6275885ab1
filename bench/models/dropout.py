"""Dropout that draws its masks fast on the processor.

torch draws one 64-bit random number per element there, which costs more than most layers. Sixteen bits
are enough: the probability of dropping is rounded to a multiple of 2^-16 and the survivors are scaled by
exactly that. On an accelerator this is torch's own dropout.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LEVELS = 2**16


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """``x`` with elements zeroed with probability ``p`` and the others scaled by 1 / (1 - p).

    Masks come from torch's generator of the processor, so `torch.manual_seed` decides them.
    """
    if not training or round(p * _LEVELS) == 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, p, training)
    return x * keep_factors([x.numel()], p, x.dtype)[0].view(x.shape)


def keep_factors(sizes: Sequence[int], p: float, dtype: torch.dtype) -> list[Tensor]:
    """Factors 0 (with probability ``p``) and 1 / (1 - p) on the processor, drawn at once for several uses.

    Args:
        sizes: how many for each use.
        p: probability of 0.
        dtype: of the factors.
    """
    dropped = round(p * _LEVELS)
    total = sum(sizes)
    words = torch.empty(-(-total // 4), dtype=torch.int64).random_(-(2**63), None)
    bits = words.view(torch.int16)[:total]
    factors = (bits >= dropped - _LEVELS // 2).to(dtype).mul_(_LEVELS / (_LEVELS - dropped))
    return list(factors.split(list(sizes)))


class Dropout(nn.Module):
    """`dropout` as a layer."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return dropout(x, self.p, self.training)
