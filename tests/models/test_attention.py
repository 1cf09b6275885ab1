"""Attention on packed rows against sums written out, and the accelerator's way against the processor's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.models.attention import attend, attend_padded, joint_map
from bench.models.batch import Batch, pack

HEADS, WIDTH, VALUES = 2, 3, 2


@pytest.fixture
def batch() -> Batch:
    rows = [np.arange(1, length + 1) for length in (4, 1, 3, 3, 2)]
    at = np.array([[row, len(items) - 1] for row, items in enumerate(rows)])
    return pack(rows, at, np.arange(5))


@pytest.fixture
def joint(batch: Batch) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(len(batch.items), HEADS, 2 * WIDTH + VALUES, dtype=torch.float64)


def written_out(joint: Tensor, batch: Batch, past: bool, scale: float) -> Tensor:
    """Row by row, head by head, query by query."""
    out = torch.zeros(len(joint), HEADS, VALUES, dtype=joint.dtype)
    for group in batch.groups:
        for row in range(group.rows):
            first = group.start + row * group.length
            for t in range(group.length):
                keys = slice(first, first + (t + 1 if past else group.length))
                for h in range(HEADS):
                    scores = joint[keys, h, WIDTH : 2 * WIDTH] @ joint[first + t, h, :WIDTH] * scale
                    out[first + t, h] = scores.softmax(0) @ joint[keys, h, 2 * WIDTH :]
    return out.flatten(1)


@pytest.mark.parametrize("past", [True, False])
@pytest.mark.parametrize("how", [attend, attend_padded])
def test_equals_the_sums_written_out(joint: Tensor, batch: Batch, past: bool, how: object) -> None:
    assert callable(how)
    found = how(joint, WIDTH, batch, causal=past, scale=0.7, drop=0.0)
    torch.testing.assert_close(found, written_out(joint, batch, past, 0.7), rtol=0, atol=1e-14)


@pytest.mark.parametrize("past", [True, False])
def test_with_next_to_no_dropout_the_plain_way_is_the_same(joint: Tensor, batch: Batch, past: bool) -> None:
    """2^-16 is the least probability that is not none; this seed drops nothing."""
    torch.manual_seed(1)
    found = attend(joint, WIDTH, batch, causal=past, scale=0.7, drop=2**-16)
    torch.testing.assert_close(found, written_out(joint, batch, past, 0.7), rtol=1e-4, atol=1e-4)


def test_dropout_is_unbiased(joint: Tensor, batch: Batch) -> None:
    torch.manual_seed(2)
    draws = torch.stack([attend(joint, WIDTH, batch, causal=True, scale=0.7, drop=0.5) for _ in range(3000)])
    error = (draws.mean(0) - written_out(joint, batch, True, 0.7)) / (draws.std(0) / 3000**0.5)
    assert error.abs().max() < 5
    assert draws.std(0).min() > 0


def test_gradients_of_both_ways_agree(joint: Tensor, batch: Batch) -> None:
    gradients = []
    for how in (attend, attend_padded):
        leaf = joint.clone().requires_grad_()
        how(leaf, WIDTH, batch, causal=True, scale=0.7, drop=0.0).square().sum().backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-13)


def test_joint_map_is_the_maps_side_by_side() -> None:
    torch.manual_seed(3)
    maps = [torch.nn.Linear(5, HEADS * width, dtype=torch.float64) for width in (3, 3, 2)]
    x = torch.randn(4, 5, dtype=torch.float64)
    wanted = torch.cat([m(x).unflatten(1, (HEADS, -1)) for m in maps], dim=-1)
    torch.testing.assert_close(joint_map(x, maps, HEADS), wanted, rtol=0, atol=1e-14)


def test_slots_leave_room_for_the_longest(batch: Batch) -> None:
    # Sorted by length: 1, 2, 3, 3, 4, each filled up to 4.
    assert batch.slots.tolist() == [0, 4, 5, 8, 9, 10, 12, 13, 14, 16, 17, 18, 19]
    assert (batch.rows, batch.longest) == (5, 4)


def test_moving_keeps_everything(batch: Batch) -> None:
    moved = batch.to("meta")
    assert moved.items.device.type == moved.slots.device.type == moved.distinct[0].device.type == "meta"
    assert [len(x) for x in (moved.items, moved.at, moved.slots)] == [13, 5, 13]
    assert batch.to("cpu") is batch
