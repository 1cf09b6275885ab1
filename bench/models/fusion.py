"""Attention whose scores come from several sources and whose values come from item states alone.

MAF (equations 5 and 6) has two sources, item ids and item contents; DIF-SR (Xie et al. 2022) has item ids,
positions and one source per attribute. Each source has queries and keys of its own in every block.

Future keys are zeroed before a fusion sees the score rows and masked with -inf after it. DIF-SR's code masks
afterwards only, so that there a position's weights depend on future items.

Shape letters: T tokens, D model width, N rows of a source, C its width, B rows of a group, L their length,
H heads, K width of a head, S sources of scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.attention import attend, by_group, future, join_groups, joint_map
from bench.models.batch import Batch, Group
from bench.models.blocks import AttentionOutput, FeedForward
from bench.models.dropout import dropout
from bench.suite.settings import FusionSettings

ITEM, FUSED = "item", "fused"  # names of attention weights, beside those of the sources


class Source(NamedTuple):
    """What the tokens are to one source of scores: ``rows_NC[index_T]``, [T, C].

    Queries and keys are computed once per row, which may serve many tokens.

    Attributes:
        rows_NC: one row per distinct item, or per position.
        index_T: the row of each token.
        present_N: which rows the source knows something of; None stands for all. The others are zero.
    """

    rows_NC: Tensor
    index_T: Tensor
    present_N: Tensor | None = None


class SourceMaps(NamedTuple):
    """The maps from a source to its queries and keys: as wide as its rows, with or without a bias.

    Where rows may be missing there must be none, so that a row of zeros adds nothing to a score.
    """

    width: int
    bias: bool


class ConcatFusion(nn.Module):
    """A linear map from S score rows side by side, S n values, to one row of n (Liu et al. 2021)."""

    def __init__(self, sources: int, max_length: int) -> None:
        super().__init__()
        self.sources = sources
        self.linear = nn.Linear(sources * max_length, max_length)

    def forward(self, scores_HBLSL: Tensor, present_BLS: Tensor | None) -> Tensor:
        """Fused scores [H, B, L, L] of [H, B, L, S, L] with future keys zero.

        Rows shorter than the maximum use a corner of each source's matrix: what lies beyond is zero. So is
        the row of a source that the query's item lacks, and ``present_BLS`` has nothing to add.
        """
        length = scores_HBLSL.shape[-1]
        weight = self.linear.weight[:length].unflatten(1, (self.sources, -1))[:, :, :length]
        return F.linear(scores_HBLSL.flatten(-2), weight.flatten(1), self.linear.bias[:length])


class GateFusion(nn.Module):
    """Softmax over the energies of S score rows, then their weighted sum (Liu et al. 2021)."""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.inner = nn.Linear(max_length, max_length)
        self.energy = nn.Linear(max_length, 1)

    def forward(self, scores_HBLSL: Tensor, present_BLS: Tensor | None) -> Tensor:
        """Fused scores [H, B, L, L] of [H, B, L, S, L] with future keys zero.

        A source that is not present at a query gets no weight there; at least one must be.
        """
        length = scores_HBLSL.shape[-1]
        inner = F.linear(scores_HBLSL, self.inner.weight[:, :length], self.inner.bias)
        energy_HBLS1 = self.energy(torch.relu(inner))
        if present_BLS is not None:
            energy_HBLS1 = energy_HBLS1.masked_fill(~present_BLS[..., None], -math.inf)
        weight_HBLS1 = torch.softmax(energy_HBLS1, dim=-2)
        return (scores_HBLSL * weight_HBLS1).sum(dim=-2)


class FusedAttention(nn.Module):
    """softmax(F(scores of item states, scores of each source) scale) v, causal, with output and residual.

    Args:
        settings: sizes, fusion and score scale.
        max_length: longest row.
        sources: what there is beside the item states. Without any this is plain self-attention.
    """

    def __init__(self, settings: FusionSettings, max_length: int, sources: Mapping[str, SourceMaps]) -> None:
        super().__init__()
        width, heads = settings.hidden_size, settings.heads
        self.heads = heads
        self.dropout = settings.attention_dropout
        self.scale = 1 / math.sqrt(width if settings.score_scale == "sqrt_d" else width // heads)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = AttentionOutput(settings)
        self.sources = tuple(sources)
        for name, maps in sources.items():
            self.add_module(f"{name}_query", nn.Linear(maps.width, maps.width, bias=maps.bias))
            self.add_module(f"{name}_key", nn.Linear(maps.width, maps.width, bias=maps.bias))
        self.fusion: nn.Module | None = None
        if sources and settings.fusion == "concat":
            self.fusion = ConcatFusion(1 + len(sources), max_length)
        elif sources and settings.fusion == "gate":
            self.fusion = GateFusion(max_length)

    def forward(
        self, x_TD: Tensor, sources: Mapping[str, Source], batch: Batch, at: Tensor | None = None
    ) -> Tensor:
        """New states of the tokens ``at`` [M], or of all: [M, D] or [T, D].

        Args:
            x_TD: token states R^k.
            sources: by the names given at construction.
            batch: the rows.
            at: token numbers.
        """
        joint_THX, widths = self._joint(x_TD, sources)
        drop = self.dropout if self.training else 0.0
        if self.fusion is None:
            # A sum of dot products is one dot product of concatenated heads.
            mixed_TD = attend(joint_THX, sum(widths), batch, causal=True, scale=self.scale, drop=drop)
        else:
            mixed_TD = self._attend(self.fusion, joint_THX, widths, self._present(sources), batch)
        result: Tensor = self.out(mixed_TD, x_TD) if at is None else self.out(mixed_TD[at], x_TD[at])
        return result

    def weights(self, x_TD: Tensor, sources: Mapping[str, Source], batch: Batch) -> list[dict[str, Tensor]]:
        """The attention weights of each group of rows, to be looked at; arguments as of `forward`.

        Returns:
            for each group by name, [H, B, L, L]: ``item`` and each source, the softmax of its scores alone;
            ``fused``, where there are sources, what the values are mixed with.
        """
        joint_THX, widths = self._joint(x_TD, sources)
        present_TS = self._present(sources) if sources else None
        found = []
        for group, part in zip(batch.groups, by_group(joint_THX, batch), strict=True):
            scores, _, hidden_LL = self._scores(part, widths)
            own = {
                name: self._softmax(one, hidden_LL)
                for name, one in zip((ITEM, *self.sources), scores, strict=True)
            }
            if self.sources:
                fused = (
                    torch.stack(scores).sum(0)
                    if self.fusion is None
                    else self._fused(self.fusion, scores, present_TS, group, hidden_LL)
                )
                own[FUSED] = self._softmax(fused, hidden_LL)
            found.append(own)
        return found

    def _joint(self, x_TD: Tensor, sources: Mapping[str, Source]) -> tuple[Tensor, list[int]]:
        """Queries of all sources, their keys and the values of every token; the widths of the queries."""
        items_THX = joint_map(x_TD, (self.query, self.key, self.value), self.heads)
        widths = [items_THX.shape[2] // 3]
        pairs = [items_THX[..., : 2 * widths[0]]]
        for name in self.sources:
            maps = [cast(nn.Linear, self.get_submodule(f"{name}_{end}")) for end in ("query", "key")]
            pairs.append(
                _of_tokens(joint_map(sources[name].rows_NC, maps, self.heads), sources[name].index_T)
            )
            widths.append(pairs[-1].shape[2] // 2)
        queries, keys = zip(*(pair.chunk(2, dim=-1) for pair in pairs), strict=True)
        return torch.cat([*queries, *keys, items_THX[..., 2 * widths[0] :]], dim=-1), widths

    def _present(self, sources: Mapping[str, Source]) -> Tensor | None:
        """Which sources are present at which tokens [T, S], the item states first; None where all are."""
        known = [sources[name] for name in self.sources]
        if all(source.present_N is None for source in known):
            return None
        always_T = torch.ones_like(known[0].index_T, dtype=torch.bool)
        columns = [always_T if s.present_N is None else s.present_N[s.index_T] for s in known]
        return torch.stack([always_T, *columns], dim=1)

    def _attend(
        self,
        fusion: nn.Module,
        joint_THX: Tensor,
        widths: list[int],
        present_TS: Tensor | None,
        batch: Batch,
    ) -> Tensor:
        """F is a layer of its own: [T, D].

        Args:
            fusion: F.
            joint_THX: queries of all sources, their keys, and the values.
            widths: [S] of the queries and keys of each source.
            present_TS: which sources are present at which tokens; None where all are.
            batch: the rows.
        """
        mixed = []
        for group, part in zip(batch.groups, by_group(joint_THX, batch), strict=True):
            scores, v_HBLK, hidden_LL = self._scores(part, widths)
            fused_HBLL = self._fused(fusion, scores, present_TS, group, hidden_LL)
            weight_HBLL = self._softmax(fused_HBLL, hidden_LL)
            mixed.append(dropout(weight_HBLL, self.dropout, self.training) @ v_HBLK)
        return join_groups(mixed)

    @staticmethod
    def _scores(part_HBLX: Tensor, widths: list[int]) -> tuple[list[Tensor], Tensor, Tensor]:
        """Scores [H, B, L, L] of each source before scaling, values, and which keys come after [L, L]."""
        *both, v_HBLK = part_HBLX.split([*widths, *widths, widths[0]], dim=-1)
        pairs = zip(both[: len(widths)], both[len(widths) :], strict=True)
        return [q @ k.mT for q, k in pairs], v_HBLK, future(part_HBLX.shape[2], part_HBLX.device)

    @staticmethod
    def _fused(
        fusion: nn.Module, scores: list[Tensor], present_TS: Tensor | None, group: Group, hidden_LL: Tensor
    ) -> Tensor:
        """F of the scores of all sources, those of later keys zero: [H, B, L, L]."""
        scores_HBLSL = torch.stack(scores, dim=-2).masked_fill(hidden_LL[:, None], 0.0)
        fused_HBLL: Tensor = fusion(scores_HBLSL, None if present_TS is None else group.view(present_TS))
        return fused_HBLL

    def _softmax(self, scores_HBLL: Tensor, hidden_LL: Tensor) -> Tensor:
        """Attention weights: of each place to itself and to what comes before."""
        return torch.softmax((scores_HBLL * self.scale).masked_fill(hidden_LL, -math.inf), dim=-1)


def _of_tokens(joint_NHX: Tensor, index_T: Tensor) -> Tensor:
    """Each token's row: [T, H, X]."""
    # As an embedding: the gradient of plain indexing adds up one number at a time.
    return F.embedding(index_T, joint_NHX.flatten(1)).unflatten(1, joint_NHX.shape[1:])


class FusedEncoder(nn.Module):
    """Blocks of fused attention and feed-forward; the same sources enter every block."""

    def __init__(self, settings: FusionSettings, max_length: int, sources: Mapping[str, SourceMaps]) -> None:
        super().__init__()
        self.attention = nn.ModuleList(
            FusedAttention(settings, max_length, sources) for _ in range(settings.layers)
        )
        self.feed_forward = nn.ModuleList(FeedForward(settings) for _ in range(settings.layers))

    def forward(self, x_TD: Tensor, sources: Mapping[str, Source], batch: Batch) -> Tensor:
        """The states at ``batch.at`` after the last block: [M, D]."""
        blocks = list(zip(self.attention, self.feed_forward, strict=True))
        for attention, feed_forward in blocks[:-1]:
            x_TD = feed_forward(attention(x_TD, sources, batch))
        attention, feed_forward = blocks[-1]
        state_MD: Tensor = feed_forward(attention(x_TD, sources, batch, batch.at))
        return state_MD
