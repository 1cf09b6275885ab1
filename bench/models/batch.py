"""Rows of item numbers, packed one after another without padding.

A *row* is a stretch of one user's history; several prediction targets may share it (causal models read
the state after token t for the target that follows t). Rows are sorted by length, so that rows of equal
length are neighbours and attention runs on views without padding or masks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


@dataclass(frozen=True)
class Group:
    """Neighbouring rows of equal length: tokens ``start : start + rows * length``."""

    start: int
    rows: int
    length: int

    @property
    def tokens(self) -> int:
        """How many there are."""
        return self.rows * self.length

    @property
    def stop(self) -> int:
        """One past the last token."""
        return self.start + self.tokens

    def view(self, x_TD: Tensor) -> Tensor:
        """The group's tokens as [rows, length, D], without a copy."""
        return x_TD[self.start : self.stop].view(self.rows, self.length, *x_TD.shape[1:])


@dataclass(frozen=True)
class Batch:
    """Packed rows with their prediction targets.

    Attributes:
        items: [T] item numbers, row after row.
        positions: [T] place of each token in its row, from 0.
        groups: the rows by length; they cover 0..T without gaps.
        at: [M] index of the token whose state predicts target m.
        users: [M] user number of target m.
        targets: [M] item numbers; empty (length 0) where only scores are wanted.
    """

    items: Tensor
    positions: Tensor
    groups: tuple[Group, ...]
    at: Tensor
    users: Tensor
    targets: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on ``device``, moved there in one piece and without waiting for it."""
        device = torch.device(device)
        if device == self.items.device:
            return self
        # What models derive from the batch is derived here, where sizes are known without asking the device.
        parts = [
            *(self.items, self.positions, self.at, self.users, self.targets),
            *(*self.distinct, self.slots),
        ]
        flat = torch.cat(parts)
        if device.type == "cuda":
            flat = flat.pin_memory()
        items, positions, at, users, targets, distinct, places, slots = flat.to(
            device, non_blocking=True
        ).split([len(part) for part in parts])
        moved = replace(self, items=items, positions=positions, at=at, users=users, targets=targets)
        vars(moved).update(distinct=(distinct, places), slots=slots)  # where cached_property looks
        return moved

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(group.rows for group in self.groups)

    @property
    def longest(self) -> int:
        """Length of the longest row."""
        return max(group.length for group in self.groups)

    @cached_property
    def slots(self) -> Tensor:
        """Place of each token [T] once every row is filled up on the right to the longest: rows * longest."""
        first = np.cumsum([0, *(group.rows for group in self.groups)])
        rows = [
            np.repeat(np.arange(start, start + group.rows), group.length)
            for start, group in zip(first, self.groups, strict=False)
        ]
        starts = torch.from_numpy(np.concatenate(rows) * self.longest)
        return starts.to(self.positions.device) + self.positions

    @cached_property
    def distinct(self) -> tuple[Tensor, Tensor]:
        """The distinct item numbers [K] and the place of each token among them [T]."""
        items, places = torch.unique(self.items, return_inverse=True)
        return items, places

    def padded(self, fill: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """The rows padded on the right, for models written that way.

        Returns:
            items [R, L], lengths [R], and [M, 2] (row, position) of each target's token.
        """
        lengths = torch.tensor(
            [group.length for group in self.groups for _ in range(group.rows)],
            device=self.items.device,
        )
        rows = torch.repeat_interleave(torch.arange(len(lengths), device=self.items.device), lengths)
        items = self.items.new_full((len(lengths), int(lengths.max())), fill)
        items[rows, self.positions] = self.items
        return items, lengths, torch.stack([rows[self.at], self.positions[self.at]], dim=1)


def pack(
    rows: Sequence[npt.NDArray[np.int64]],
    at: npt.NDArray[np.int64],
    users: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64] | None = None,
) -> Batch:
    """Pack rows given as arrays.

    Args:
        rows: R arrays of item numbers, each at least one long.
        at: [M, 2] (row, position) of the token whose state predicts target m.
        users: [M] user of each target.
        targets: [M] target items, or None where only scores are wanted.
    """
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return pack_flat(np.concatenate(rows), starts, lengths, at, users, targets)


def pack_flat(
    flat: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    at: npt.NDArray[np.int64],
    users: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int64] | None = None,
) -> Batch:
    """Pack the rows ``flat[starts[r] : starts[r] + lengths[r]]`` (they may overlap); else as `pack`."""
    order = np.argsort(lengths, kind="stable")
    sizes = lengths[order]
    ends = np.cumsum(sizes)
    begins = ends - sizes
    positions = np.arange(int(ends[-1])) - np.repeat(begins, sizes)
    items = flat[np.repeat(starts[order], sizes) + positions]

    place = np.empty_like(begins)
    place[order] = begins
    values, first, counts = np.unique(sizes, return_index=True, return_counts=True)
    groups = tuple(
        Group(start=int(begins[f]), rows=int(c), length=int(v))
        for v, f, c in zip(values, first, counts, strict=True)
    )
    return Batch(
        items=torch.from_numpy(items),
        positions=torch.from_numpy(positions),
        groups=groups,
        at=torch.from_numpy(place[at[:, 0]] + at[:, 1]),
        users=torch.from_numpy(np.ascontiguousarray(users)),
        targets=torch.from_numpy(
            np.zeros(0, dtype=np.int64) if targets is None else np.ascontiguousarray(targets)
        ),
    )
