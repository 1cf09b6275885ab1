"""Which rows and targets make up a training epoch.

A training part i_0 ... i_{n-1} has the targets i_1 ... i_{n-1}; the state that predicts i_t has seen
i_0 ... i_{t-1}, the newest ``max_length`` of them. Two schemes, each with every target exactly once an epoch:

``prefixes``
    Random batches of targets, as RecBole draws them. Targets of one user that fall into one batch share a
    row as long as their histories begin at the same item; longer histories slide, one row per target.
``windows``
    Whole users per batch, which takes the fewest tokens. A training part longer than the maximum is cut
    into windows: the first scores all its targets, each later one advances by ``stride`` and scores only
    what is new.

Models that are not causal get one row per target (`Caser`). Models with a masked objective get windows
with masked tokens (`BERT4Rec`), see `masked_epoch`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.data.prepared import TrainingData
from bench.models.batch import Batch, pack_flat

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Targets:
    """Training targets by number: target m is ``data.items[token[m]]`` of user ``user[m]``.

    Attributes:
        token: [N - 3U] index into ``data.items``.
        user: [N - 3U].
        place: [N - 3U] t, the number of items before the target.
    """

    token: IntArray
    user: IntArray
    place: IntArray


def all_targets(data: TrainingData) -> Targets:
    """Every training target in order of users and time."""
    lengths = np.diff(data.offsets)
    user = np.repeat(np.arange(data.n_users), lengths)
    place = np.arange(len(data.items)) - np.repeat(data.offsets[:-1], lengths)
    kept = np.flatnonzero(place > 0)
    return Targets(token=kept, user=user[kept], place=place[kept])


def prefixes_epoch(
    data: TrainingData,
    targets: Targets,
    batch_size: int,
    max_length: int,
    rng: np.random.Generator,
    share: bool = True,
) -> Iterator[Batch]:
    """Batches of ``batch_size`` random targets.

    Args:
        data: training parts.
        targets: of `all_targets`.
        batch_size: targets per batch; the last batch of an epoch holds the rest.
        max_length: longest row.
        rng: draws the order.
        share: one row for several targets (False: a row per target, for models that are not causal).
    """
    order = rng.permutation(len(targets.token))
    for start in range(0, len(order), batch_size):
        yield target_batch(data, targets, order[start : start + batch_size], max_length, share)


def target_batch(
    data: TrainingData, targets: Targets, chosen: IntArray, max_length: int, share: bool = True
) -> Batch:
    """The batch of the targets numbered ``chosen`` [M]."""
    chosen = np.sort(chosen)  # users and time in order: targets that can share a row are neighbours
    token, user, place = targets.token[chosen], targets.user[chosen], targets.place[chosen]
    begin = np.maximum(token - place, token - max_length)  # first token of the target's history
    if share:
        new_row = np.ones(len(chosen), dtype=bool)
        new_row[1:] = begin[1:] != begin[:-1]  # begins are distinct between users
    else:
        new_row = np.ones(len(chosen), dtype=bool)
    row = np.cumsum(new_row) - 1
    starts = begin[new_row]
    ends = np.append(token[np.flatnonzero(new_row)[1:] - 1], token[-1])  # last target of each row
    return pack_flat(
        data.items,
        starts,
        ends - starts,
        np.stack([row, token - 1 - begin], axis=1),
        user,
        data.items[token],
    )


@dataclass(frozen=True)
class Windows:
    """Stretches of training parts: inputs ``begin : end`` (indices into data.items), of which the targets
    after inputs ``new : end`` are scored."""

    user: IntArray
    begin: IntArray
    new: IntArray
    end: IntArray


def all_windows(data: TrainingData, max_length: int, stride: int | None = None) -> Windows:
    """The windows of every user, in order of users and time."""
    step = stride or max_length
    inputs = np.diff(data.offsets) - 1
    later = np.maximum(0, -(-(inputs - max_length) // step))  # windows after the first
    count = np.where(inputs > 0, 1 + later, 0)
    user = np.repeat(np.arange(data.n_users), count)
    number = np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
    end = np.minimum(inputs[user], max_length + number * step)
    new = np.where(number == 0, 0, max_length + (number - 1) * step)
    begin = np.maximum(0, end - max_length)
    first = data.offsets[:-1][user]
    return Windows(user=user, begin=first + begin, new=first + new, end=first + end)


def windows_epoch(
    data: TrainingData, windows: Windows, batch_size: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Batches of whole users in random order, as many as fit into ``batch_size`` targets (at least one)."""
    for users in _user_batches(windows.user, windows.end - windows.new, data.n_users, batch_size, rng):
        w = Windows(*(x[users] for x in (windows.user, windows.begin, windows.new, windows.end)))
        scored = w.end - w.new
        row = np.repeat(np.arange(len(scored)), scored)
        within = np.arange(len(row)) - np.repeat(np.cumsum(scored) - scored, scored)
        token = w.new[row] + within
        yield pack_flat(
            data.items,
            w.begin,
            w.end - w.begin,
            np.stack([row, token - w.begin[row]], axis=1),
            w.user[row],
            data.items[token + 1],
        )


def masked_epoch(
    data: TrainingData,
    max_length: int,
    mask_ratio: float,
    batch_size: int,
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Cloze batches of BERT4Rec (Sun et al. 2019, section 3.6): never prefixes.

    Every training part is cut into consecutive windows, newest first whole. Each window gives two rows:
    one with a share ``mask_ratio`` of its items masked at random (at least one), one with only the last
    item masked, as at evaluation. All masked items are targets; ``batch_size`` counts them on average.
    """
    user, begin, end = _cloze_windows(data, max_length)
    length = end - begin
    masks = np.maximum(1, np.round(mask_ratio * length)).astype(np.int64)
    mask_token = data.n_items + 1
    for chosen in _user_batches(user, masks + 1, data.n_users, batch_size, rng):
        starts = np.tile(begin[chosen], 2)
        lengths = np.tile(length[chosen], 2)
        first = np.cumsum(lengths) - lengths
        flat = data.items[np.repeat(starts - first, lengths) + np.arange(int(lengths.sum()))]
        row = np.repeat(np.arange(len(lengths)), lengths)
        hidden = _random_masks(row[: len(row) // 2], masks[chosen], rng)
        last = first[len(chosen) :] + lengths[len(chosen) :] - 1
        places = np.concatenate([hidden, last])
        targets = flat[places].copy()
        flat[places] = mask_token
        at = np.stack([row[places], places - first[row[places]]], axis=1)
        yield pack_flat(flat, first, lengths, at, np.tile(user[chosen], 2)[row[places]], targets)


def _random_masks(row: IntArray, masks: IntArray, rng: np.random.Generator) -> IntArray:
    """``masks[r]`` random tokens of each row r, given the row [T] of every token: token indices, sorted."""
    order = np.lexsort((rng.random(len(row)), row))  # tokens of each row in random order
    counts = np.bincount(row)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[rank < masks[row]])


def _cloze_windows(data: TrainingData, max_length: int) -> tuple[IntArray, IntArray, IntArray]:
    """User, begin and end of each user's consecutive windows, cut from the newest item backwards.

    A window of one item would have no context, so training parts of one item and such remainders are
    left out.
    """
    lengths = np.diff(data.offsets)
    count = -(-lengths // max_length)
    user = np.repeat(np.arange(data.n_users), count)
    number = np.arange(len(user)) - np.repeat(np.cumsum(count) - count, count)
    end = data.offsets[1:][user] - number * max_length
    begin = np.maximum(data.offsets[:-1][user], end - max_length)
    kept = end - begin > 1
    return user[kept], begin[kept], end[kept]


def _user_batches(
    user: IntArray, targets: IntArray, n_users: int, batch_size: int, rng: np.random.Generator
) -> Iterator[IntArray]:
    """Indices of windows, whole users in random order, up to ``batch_size`` targets a batch.

    Args:
        user: [W] user of each window, ascending.
        targets: [W] targets of each window.
        n_users: U.
        batch_size: most targets in a batch, unless a single user has more.
        rng: draws the order of users.
    """
    per_user = np.bincount(user, weights=targets, minlength=n_users).astype(np.int64)
    order = rng.permutation(n_users)
    order = order[per_user[order] > 0]
    first = np.searchsorted(user, np.arange(n_users))
    count = np.bincount(user, minlength=n_users)
    batch: list[int] = []
    size = 0
    for u in order.tolist():
        if batch and size + per_user[u] > batch_size:
            yield _ranges(first[batch], count[batch])
            batch, size = [], 0
        batch.append(u)
        size += int(per_user[u])
    if batch:
        yield _ranges(first[batch], count[batch])


def _ranges(first: IntArray, count: IntArray) -> IntArray:
    """The concatenation of ``first[i] ... first[i] + count[i] - 1``."""
    total = np.cumsum(count)
    return np.repeat(first - (total - count), count) + np.arange(int(total[-1]))
