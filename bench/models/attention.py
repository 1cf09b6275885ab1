"""Multi-head attention within packed rows, a group of rows of equal length at a time.

Query, key and value of a token stand side by side for each head (a *joint* tensor), so that each group is put
into the order of the matrix products by a single copy.

Shape letters: T tokens, H heads, K width of a head's queries and keys, V of its values, X = 2 K + V,
B rows of a group, L their length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.batch import Batch
from bench.models.dropout import keep_factors


def joint_map(x_ND: Tensor, maps: Sequence[nn.Linear], heads: int) -> Tensor:
    """The outputs of linear maps of one input, side by side for each head, in one product.

    Args:
        x_ND: the input.
        maps: each with an output of ``heads`` times some width; all with a bias, or none.
        heads: H.

    Returns:
        [N, H, sum of the maps' widths per head].
    """
    weight = torch.cat([m.weight.unflatten(0, (heads, -1)) for m in maps], dim=1).flatten(0, 1)
    bias = None
    if cast(Tensor | None, maps[0].bias) is not None:
        bias = torch.cat([m.bias.unflatten(0, (heads, -1)) for m in maps], dim=1).flatten()
    return F.linear(x_ND, weight, bias).unflatten(1, (heads, -1))


def by_group(joint_THX: Tensor, batch: Batch) -> list[Tensor]:
    """Each group's tokens as [H, B, L, X], copied once."""
    # One split, not a slice per group: its gradient is one concatenation, theirs would be one of size T each.
    parts = joint_THX.split([group.tokens for group in batch.groups])
    return [
        part.unflatten(0, (group.rows, group.length)).permute(2, 0, 1, 3).contiguous()
        for part, group in zip(parts, batch.groups, strict=True)
    ]


def join_groups(mixed_HBLV: Sequence[Tensor]) -> Tensor:
    """The groups' results as tokens with their heads side by side: [T, H V]."""
    return torch.cat([x.permute(1, 2, 0, 3).flatten(2).flatten(0, 1) for x in mixed_HBLV])


def attend(joint_THX: Tensor, width: int, batch: Batch, *, causal: bool, scale: float, drop: float) -> Tensor:
    """softmax(q k' scale) v for every row and head: [T, H V].

    Args:
        joint_THX: query, key and value of every token and head.
        width: K; values are at most as wide.
        batch: the rows.
        causal: a place attends to itself and what comes before.
        scale: of the scores.
        drop: probability of dropping an attention weight; 0 at evaluation.
    """
    heads, device = joint_THX.shape[1], joint_THX.device
    if device.type != "cpu":
        return attend_padded(joint_THX, width, batch, causal=causal, scale=scale, drop=drop)
    groups = [_parts(part, width) for part in by_group(joint_THX, batch)]
    if drop == 0:
        return join_groups([_fused(q, k, v, None, causal, scale, 0.0) for q, k, v in groups])
    # The fused kernel of the processor knows no dropout, and what stands in for it is slower than this.
    hidden_LL = torch.zeros(batch.longest, batch.longest, dtype=joint_THX.dtype)
    if causal:
        hidden_LL = hidden_LL.masked_fill(future(batch.longest, device), -math.inf)
    keep = keep_factors(
        [heads * group.rows * group.length**2 for group in batch.groups], drop, joint_THX.dtype
    )
    return join_groups(
        [
            _dropped(q, k, v, hidden_LL[: group.length, : group.length], scale, factors)
            for (q, k, v), group, factors in zip(groups, batch.groups, keep, strict=True)
        ]
    )


def attention_weights(part_HBLX: Tensor, width: int, *, causal: bool, scale: float) -> Tensor:
    """softmax(q k' scale) of a group of rows, without dropout: [H, B, L, L]; arguments as of `attend`."""
    q_HBLK, k_HBLK, _ = _parts(part_HBLX, width)
    score_HBLL = q_HBLK @ k_HBLK.mT * scale
    if causal:
        score_HBLL = score_HBLL.masked_fill(future(part_HBLX.shape[2], part_HBLX.device), -math.inf)
    return torch.softmax(score_HBLL, dim=-1)


def future(length: int, device: torch.device) -> Tensor:
    """Which keys come after which queries: [L, L] bool."""
    return torch.ones(length, length, dtype=torch.bool, device=device).triu(1)


def _dropped(
    q_HBLK: Tensor, k_HBLK: Tensor, v_HBLV: Tensor, hidden_LL: Tensor, scale: float, keep: Tensor
) -> Tensor:
    """Attention whose weights are multiplied by ``keep`` [H * B * L * L]: [H, B, L, V]."""
    score = torch.baddbmm(hidden_LL, q_HBLK.flatten(0, 1), k_HBLK.flatten(0, 1).mT, alpha=scale)
    weight = torch.softmax(score, dim=-1) * keep.view_as(score)
    return torch.bmm(weight, v_HBLV.flatten(0, 1)).unflatten(0, q_HBLK.shape[:2])


def attend_padded(
    joint_THX: Tensor, width: int, batch: Batch, *, causal: bool, scale: float, drop: float
) -> Tensor:
    """`attend` with all rows filled up to the longest: more arithmetic in one kernel, for accelerators."""
    rows, longest = batch.rows, batch.longest
    filled = joint_THX.new_zeros(rows * longest, *joint_THX.shape[1:])
    filled = filled.index_copy(0, batch.slots, joint_THX).unflatten(0, (rows, longest))
    q_RHLK, k_RHLK, v_RHLV = _parts(filled.transpose(1, 2), width)
    known = None
    if not causal:  # where it is, what fills up a row comes after all its tokens
        known = torch.zeros(rows * longest, dtype=torch.bool, device=joint_THX.device)
        known = known.index_fill(0, batch.slots, True).view(rows, 1, 1, longest)
    mixed_RHLV = _fused(q_RHLK, k_RHLK, v_RHLV, known, causal, scale, drop)
    return mixed_RHLV.transpose(1, 2).flatten(2).flatten(0, 1)[batch.slots]


def _parts(joint: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values."""
    query, key, value = joint.split([width, width, joint.shape[-1] - 2 * width], dim=-1)
    return query, key, value


def _fused(
    q: Tensor, k: Tensor, v: Tensor, known: Tensor | None, causal: bool, scale: float, drop: float
) -> Tensor:
    """Attention by torch's kernel over the last two dimensions; ``known`` says which keys there are."""
    # Values as wide as queries: unequal widths fall off the fast path of the kernel.
    missing = q.shape[-1] - v.shape[-1]
    mixed: Tensor = F.scaled_dot_product_attention(
        q,
        k,
        F.pad(v, (0, missing)) if missing else v,
        attn_mask=known,
        dropout_p=drop,
        is_causal=causal,
        scale=scale,
    )
    return mixed[..., : v.shape[-1]]
