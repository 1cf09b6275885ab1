"""Layers that several models share: RecBole 1.2.1's transformer block on packed rows.

Shape letters: T tokens, D model width, B rows of a group, L their length, H heads, K width of a head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.batch import Batch, Group
from bench.models.dropout import Dropout, dropout
from bench.suite.settings import AttentionSettings

LAYER_NORM_EPS = 1e-12  # RecBole's layer_norm_eps


def split_heads(x_TD: Tensor, group: Group, heads: int) -> Tensor:
    """One group's tokens as [B, H, L, K], K = D / H, without a copy."""
    return group.view(x_TD).unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x_BHLK: Tensor) -> Tensor:
    """The inverse of `split_heads`, flattened over rows: [B * L, H * K]."""
    return x_BHLK.transpose(1, 2).flatten(2).flatten(0, 1)


def attend(
    q_BHLK: Tensor, k_BHLK: Tensor, v_BHLV: Tensor, *, causal: bool, scale: float, drop: float
) -> Tensor:
    """softmax(q k' scale) v for every row and head: [B, H, L, V].

    Args:
        q_BHLK: queries.
        k_BHLK: keys.
        v_BHLV: values, at most as wide as queries.
        causal: a place attends to itself and what comes before.
        scale: of the scores.
        drop: probability of dropping an attention weight; 0 at evaluation.
    """
    if drop > 0:
        # The fused kernel of the processor knows no dropout, and what stands in for it is slower than this.
        score_BHLL = (q_BHLK * scale) @ k_BHLK.mT
        if causal:
            score_BHLL = score_BHLL.masked_fill(future(score_BHLL), -math.inf)
        return dropout(torch.softmax(score_BHLL, dim=-1), drop, True) @ v_BHLV
    # Values as wide as queries: unequal widths fall off the fast path of the kernel.
    missing = q_BHLK.shape[-1] - v_BHLV.shape[-1]
    mixed: Tensor = F.scaled_dot_product_attention(
        q_BHLK, k_BHLK, F.pad(v_BHLV, (0, missing)) if missing else v_BHLV, is_causal=causal, scale=scale
    )
    return mixed[..., : v_BHLV.shape[-1]]


def future(score_BHLL: Tensor) -> Tensor:
    """Which keys come after which queries: [L, L] bool."""
    length = score_BHLL.shape[-1]
    return torch.ones(length, length, dtype=torch.bool, device=score_BHLL.device).triu(1)


class SelfAttention(nn.Module):
    """Multi-head self-attention with output projection, residual connection and post-LN."""

    def __init__(self, settings: AttentionSettings, causal: bool) -> None:
        super().__init__()
        width = settings.hidden_size
        self.heads = settings.heads
        self.causal = causal
        self.scale = 1 / math.sqrt(width // settings.heads)
        self.attention_dropout = settings.attention_dropout
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = AttentionOutput(settings)

    def forward(self, x_TD: Tensor, batch: Batch) -> Tensor:
        """New token states: [T, D]."""
        q_TD, k_TD, v_TD = self.query(x_TD), self.key(x_TD), self.value(x_TD)
        drop = self.attention_dropout if self.training else 0.0
        mixed = [
            join_heads(
                attend(
                    split_heads(q_TD, group, self.heads),
                    split_heads(k_TD, group, self.heads),
                    split_heads(v_TD, group, self.heads),
                    causal=self.causal,
                    scale=self.scale,
                    drop=drop,
                )
            )
            for group in batch.groups
        ]
        return self.out(torch.cat(mixed), x_TD)


class AttentionOutput(nn.Module):
    """Projection of the joined heads, dropout, residual connection, LayerNorm."""

    def __init__(self, settings: AttentionSettings) -> None:
        super().__init__()
        self.dense = nn.Linear(settings.hidden_size, settings.hidden_size)
        self.dropout = Dropout(settings.hidden_dropout)
        self.norm = nn.LayerNorm(settings.hidden_size, eps=LAYER_NORM_EPS)

    def forward(self, mixed_TD: Tensor, residual_TD: Tensor) -> Tensor:
        """[T, D]."""
        return self.norm(self.dropout(self.dense(mixed_TD)) + residual_TD)


class FeedForward(nn.Module):
    """Two linear layers with GELU between, dropout, residual connection, LayerNorm."""

    def __init__(self, settings: AttentionSettings) -> None:
        super().__init__()
        self.inner = nn.Linear(settings.hidden_size, settings.inner_size)
        self.outer = nn.Linear(settings.inner_size, settings.hidden_size)
        self.dropout = Dropout(settings.hidden_dropout)
        self.norm = nn.LayerNorm(settings.hidden_size, eps=LAYER_NORM_EPS)

    def forward(self, x_TD: Tensor) -> Tensor:
        """[T, D]."""
        return self.norm(self.dropout(self.outer(F.gelu(self.inner(x_TD)))) + x_TD)


class Encoder(nn.Module):
    """``layers`` blocks of self-attention and feed-forward."""

    def __init__(self, settings: AttentionSettings, causal: bool = True) -> None:
        super().__init__()
        self.attention = nn.ModuleList(SelfAttention(settings, causal) for _ in range(settings.layers))
        self.feed_forward = nn.ModuleList(FeedForward(settings) for _ in range(settings.layers))

    def forward(self, x_TD: Tensor, batch: Batch) -> Tensor:
        """New token states: [T, D]."""
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            x_TD = feed_forward(attention(x_TD, batch))
        return x_TD
