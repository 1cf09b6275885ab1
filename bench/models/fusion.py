"""Attention whose scores come from two sources: item ids and item contents (MAF, equations 5 and 6).

Future keys are zeroed before a fusion sees the score rows and masked with -inf after it. DIF-SR's code
(Xie et al. 2022) masks afterwards only, so that there a position's weights depend on future items.

Shape letters: T tokens, D model width, C content width (the paper's d'), B rows of a group, L their
length, H heads, S the two sources of scores.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.batch import Batch
from bench.models.blocks import AttentionOutput, attend, future, join_heads, split_heads
from bench.models.dropout import dropout
from bench.suite.settings import MAFSettings


class ConcatFusion(nn.Module):
    """A linear map from the two score rows, 2n values, to one row of n (Liu et al. 2021)."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length
        self.linear = nn.Linear(2 * max_length, max_length)

    def forward(self, scores_BHLSL: Tensor) -> Tensor:
        """Fused scores [B, H, L, L] of [B, H, L, 2, L] with future keys zero.

        Rows shorter than the maximum use the corner of the matrix: what lies beyond is zero.
        """
        length, n = scores_BHLSL.shape[-1], self.max_length
        weight = self.linear.weight[:length]
        weight = torch.cat([weight[:, :length], weight[:, n : n + length]], dim=1)
        return F.linear(scores_BHLSL.flatten(-2), weight, self.linear.bias[:length])


class GateFusion(nn.Module):
    """Softmax over the energies of the two score rows, then their weighted sum (Liu et al. 2021)."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.inner = nn.Linear(max_length, max_length)
        self.energy = nn.Linear(max_length, 1)

    def forward(self, scores_BHLSL: Tensor) -> Tensor:
        """Fused scores [B, H, L, L] of [B, H, L, 2, L] with future keys zero."""
        length = scores_BHLSL.shape[-1]
        inner = F.linear(scores_BHLSL, self.inner.weight[:, :length], self.inner.bias)
        weight_BHLS1 = torch.softmax(self.energy(torch.relu(inner)), dim=-2)
        return (scores_BHLSL * weight_BHLS1).sum(dim=-2)


class FusedAttention(nn.Module):
    """Causal attention of MAF: scores from ids and contents, values from ids (equations 5, 6).

    ``contents=False`` leaves the content source out: plain self-attention at MAF's score scale.
    """

    def __init__(self, settings: MAFSettings, max_length: int, contents: bool) -> None:
        super().__init__()
        width, heads = settings.hidden_size, settings.heads
        self.heads = heads
        self.dropout = settings.attention_dropout
        self.scale = 1 / math.sqrt(width if settings.score_scale == "sqrt_d" else width // heads)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = AttentionOutput(settings)
        if contents:
            # Without biases: an item without contents adds nothing to a score.
            self.content_query = nn.Linear(settings.multimodal_size, settings.multimodal_size, bias=False)
            self.content_key = nn.Linear(settings.multimodal_size, settings.multimodal_size, bias=False)
            if settings.fusion == "concat":
                self.fusion: nn.Module = ConcatFusion(max_length)
            elif settings.fusion == "gate":
                self.fusion = GateFusion(max_length)

    def forward(self, x_TD: Tensor, contents_KC: Tensor | None, batch: Batch) -> Tensor:
        """New token states [T, D].

        Args:
            x_TD: token states R^k.
            contents_KC: E_m of the batch's distinct items, or None without contents.
            batch: the rows.
        """
        q_TD, k_TD, v_TD = self.query(x_TD), self.key(x_TD), self.value(x_TD)
        if contents_KC is None:
            mixed = [
                self._attend(*(split_heads(x, group, self.heads) for x in (q_TD, k_TD, v_TD)))
                for group in batch.groups
            ]
            return self._finish(mixed, x_TD)

        places = batch.distinct[1]
        content_q_TC = self.content_query(contents_KC)[places]
        content_k_TC = self.content_key(contents_KC)[places]
        mixed = []
        for group in batch.groups:
            q, k, v, content_q, content_k = (
                split_heads(x, group, self.heads) for x in (q_TD, k_TD, v_TD, content_q_TC, content_k_TC)
            )
            if hasattr(self, "fusion"):
                mixed.append(self._attend_fused(q, k, v, content_q, content_k))
            else:
                # A sum of two dot products is one dot product of concatenated heads.
                mixed.append(self._attend(torch.cat([q, content_q], -1), torch.cat([k, content_k], -1), v))
        return self._finish(mixed, x_TD)

    def _attend(self, q_BHLK: Tensor, k_BHLK: Tensor, v_BHLK: Tensor) -> Tensor:
        """softmax(q k' scale) v, causal: [B, H, L, D / H]."""
        drop = self.dropout if self.training else 0.0
        return attend(q_BHLK, k_BHLK, v_BHLK, causal=True, scale=self.scale, drop=drop)

    def _attend_fused(
        self, q_BHLK: Tensor, k_BHLK: Tensor, v_BHLK: Tensor, content_q: Tensor, content_k: Tensor
    ) -> Tensor:
        """softmax(F(item scores, content scores) scale) v, causal: [B, H, L, D / H]."""
        item_BHLL, content_BHLL = q_BHLK @ k_BHLK.mT, content_q @ content_k.mT
        hidden = future(item_BHLL)
        sources = torch.stack([item_BHLL, content_BHLL], dim=-2).masked_fill(hidden[:, None], 0.0)
        fused_BHLL = (self.fusion(sources) * self.scale).masked_fill(hidden, -math.inf)
        weight_BHLL = dropout(torch.softmax(fused_BHLL, dim=-1), self.dropout, self.training)
        return weight_BHLL @ v_BHLK

    def _finish(self, mixed: list[Tensor], x_TD: Tensor) -> Tensor:
        result: Tensor = self.out(torch.cat([join_heads(x) for x in mixed]), x_TD)
        return result
