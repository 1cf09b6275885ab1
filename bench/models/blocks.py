"""Layers that several models share: RecBole 1.2.1's transformer block on packed rows.

Shape letters: T tokens, M targets, D model width.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.attention import attend, attention_weights, by_group, joint_map
from bench.models.batch import Batch
from bench.models.dropout import Dropout
from bench.suite.settings import AttentionSettings

LAYER_NORM_EPS = 1e-12  # RecBole's layer_norm_eps


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

    def forward(self, x_TD: Tensor, batch: Batch, at: Tensor | None = None) -> Tensor:
        """New states of the tokens ``at`` [M], or of all: [M, D] or [T, D]."""
        joint = self._joint(x_TD)
        drop = self.attention_dropout if self.training else 0.0
        mixed_TD = attend(joint, joint.shape[2] // 3, batch, causal=self.causal, scale=self.scale, drop=drop)
        return self.out(mixed_TD, x_TD) if at is None else self.out(mixed_TD[at], x_TD[at])

    def weights(self, x_TD: Tensor, batch: Batch) -> list[Tensor]:
        """The attention weights of each group of rows, to be looked at: [H, B, L, L]."""
        joint = self._joint(x_TD)
        return [
            attention_weights(part, joint.shape[2] // 3, causal=self.causal, scale=self.scale)
            for part in by_group(joint, batch)
        ]

    def _joint(self, x_TD: Tensor) -> Tensor:
        return joint_map(x_TD, (self.query, self.key, self.value), self.heads)


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
        """The states at ``batch.at`` after the last block: [M, D]."""
        blocks = list(zip(self.attention, self.feed_forward, strict=True))
        for attention, feed_forward in blocks[:-1]:
            x_TD = feed_forward(attention(x_TD, batch))
        attention, feed_forward = blocks[-1]
        state_MD: Tensor = feed_forward(attention(x_TD, batch, batch.at))
        return state_MD
