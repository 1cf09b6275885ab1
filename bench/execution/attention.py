"""What a finished model attends to: the attention weights of a user's newest items, or their means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch

from bench.data.prepared import IntArray, load_catalogue
from bench.data.sources.base import Progress
from bench.errors import InputError
from bench.evaluation.ranking import histories, rows_for_scoring
from bench.execution.finished import Finished, finished_model
from bench.models.base import SequentialModel
from bench.models.blocks import SelfAttention
from bench.models.fusion import FusedAttention
from bench.models.watching import attention_layers, watch
from bench.results.records import RunRecord

FloatArray = npt.NDArray[np.float64]

MOST_USERS = 1_000  # of a mean
MASK = "[mask]"  # what stands after the history, for a model that predicts hidden items


@dataclass(frozen=True)
class Wanted:
    """Which attention weights to show; numbers count from 1.

    Attributes:
        positions: of the newest items, at most.
        short: a user with at most so many items, not one with at least so many.
        user: by the source's identifier; None: drawn.
        layer: None: the last.
        head: None: drawn.
        average: means over users and, where ``head`` is None, over heads.
        seed: of what is drawn.
    """

    positions: int = 15
    short: bool = False
    user: str | None = None
    layer: int | None = None
    head: int | None = None
    average: bool = False
    seed: int = 0


@dataclass(frozen=True)
class AttentionMaps:
    """Attention weights by source of scores, each [L, L]: a row per query, a column per key, oldest first.

    Attributes:
        record: the run.
        dataset: the dataset's label; a suite may call it otherwise than the one that made the run.
        variant: the variant's, likewise.
        weights: ``item``, ``content`` and so on, ``fused``; rows sum to 1 over all positions, those that are
            not shown among them.
        layer: from 1, of ``layers``.
        head: from 1, of ``heads``; None: their mean.
        users: the identifiers of those shown, or averaged.
        length: items that the user has in all; None of a mean.
        ids: of the items, oldest first; empty of a mean.
        titles: likewise.
        pictures: likewise; None where an item has none.
    """

    record: RunRecord
    dataset: str
    variant: str
    weights: Mapping[str, FloatArray]
    layer: int
    layers: int
    head: int | None
    heads: int
    users: tuple[str, ...]
    length: int | None = None
    ids: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    pictures: tuple[Path | None, ...] = ()


@dataclass(frozen=True)
class AttentionRow:
    """One weight: of ``key`` for ``query``, positions among those shown, from 1, the oldest first.

    ``run`` is a fingerprint; ``head`` is None of a mean over heads, ``user`` of one over users.
    """

    source: str
    query: int
    key: int
    query_item: str
    key_item: str
    weight: float
    run: str
    user: str | None
    layer: int
    head: int | None


def attention_maps(
    results: Path,
    record: RunRecord,
    wanted: Wanted,
    home: Path | None = None,
    progress: Progress | None = None,
) -> AttentionMaps:
    """The attention weights of a run's model in evaluation mode, before its test targets.

    Args:
        results: the results folder.
        record: of the run.
        wanted: what of it.
        home: where the prepared data lie (None: the default place).
        progress: told of users, where there are many.

    Raises:
        InputError: the model has no attention, no weights here, or not the layer, head or user asked for.
        DataError: weights, data or features are damaged or other ones than the run's.
    """
    with finished_model(results, record, home) as finished:
        stacks = attention_layers(finished.model)
        if not stacks:
            raise InputError(f"{record.spec.variant.label} has no attention that could be shown")
        layers, heads = _shape(stacks)
        layer = _within(wanted.layer or layers, layers, "--layer", "layer")
        if wanted.head is not None:
            _within(wanted.head, heads, "--head", "head")
        rng = np.random.default_rng(wanted.seed)
        rows = histories(finished.data, np.arange(finished.data.n_users), with_validation=True)
        users = _users(finished, rows, wanted, rng)
        head = wanted.head
        if head is None and not wanted.average:
            head = int(rng.integers(heads)) + 1
        means = _means(finished, rows, users, layer - 1, head, wanted.positions, progress)
        labels = record.spec.dataset.label, record.spec.variant.label
        maps = AttentionMaps(record, *labels, means, layer, layers, head, heads, _ids(finished, users))
        return maps if wanted.average else _with_items(maps, finished, rows[users[0]], wanted.positions)


def _shape(stacks: Mapping[str, Sequence[SelfAttention | FusedAttention]]) -> tuple[int, int]:
    """Layers and heads, the same in all encoders of a model."""
    first = next(iter(stacks.values()))
    return len(first), first[0].heads


def _means(
    finished: Finished,
    rows: Sequence[IntArray],
    users: IntArray,
    layer: int,
    head: int | None,
    positions: int,
    progress: Progress | None,
) -> dict[str, FloatArray]:
    """By source, means over users (and over heads where none is chosen) at the newest positions: [L, L]."""
    sums: dict[str, FloatArray] = {}
    for number, user in enumerate(users.tolist()):
        for name, weight_HLL in _weights(finished, rows[user], user, layer).items():
            part = weight_HLL.mean(axis=0) if head is None else weight_HLL[head - 1]
            newest = part[-positions:, -positions:] / len(users)
            sums[name] = sums[name] + newest if name in sums else newest
        if progress is not None and len(users) > 1:
            progress("attention", number + 1, len(users))
    return sums


def _with_items(maps: AttentionMaps, finished: Finished, row: IntArray, positions: int) -> AttentionMaps:
    """The same with the items of the positions."""
    catalogue = load_catalogue(finished.dataset)
    items = _shown(finished, row, positions)
    return replace(
        maps,
        length=len(row),
        ids=tuple(catalogue.ids[item - 1] if item else MASK for item in items),
        titles=tuple(catalogue.titles[item - 1] if item else MASK for item in items),
        pictures=tuple(catalogue.images[item - 1] if item else None for item in items),
    )


def _within(value: int, most: int, option: str, noun: str) -> int:
    if not 1 <= value <= most:
        raise InputError(f"there is no {noun} {value}", file=option, remedy=f"1 to {most}")
    return value


def _users(
    finished: Finished, rows: Sequence[IntArray], wanted: Wanted, rng: np.random.Generator
) -> IntArray:
    """The numbers of the users to show: one, or those of a mean."""
    if wanted.user is not None:
        return np.array([_user_number(finished, wanted.user)])
    longest = int(finished.record.spec.training["max_length"])
    lengths = np.array([len(row) for row in rows])
    seen = np.minimum(lengths, longest)
    if wanted.short:
        fitting, what = np.flatnonzero(lengths <= wanted.positions), "at most"
        remedy = "more positions, or no --short"
    else:
        fitting, what = np.flatnonzero(seen >= wanted.positions), "at least"
        remedy = f"the longest history that the model sees has {int(seen.max())}"
    if not len(fitting):
        raise InputError(
            f"no user of {finished.dataset.label} has {what} {wanted.positions} items",
            file="--positions",
            remedy=remedy,
        )
    drawn = rng.permutation(fitting)
    return np.sort(drawn[:MOST_USERS]) if wanted.average else drawn[:1]


def _user_number(finished: Finished, identifier: str) -> int:
    known = [str(each) for each in pq.read_table(finished.dataset.folder / "users.parquet")["id"].to_pylist()]
    if identifier not in known:
        raise InputError(
            f"{finished.dataset.label} has no user {identifier!r}",
            file="--user",
            remedy=f"its users are {', '.join(known[:3])}, ...",
        )
    return known.index(identifier)


def _ids(finished: Finished, users: IntArray) -> tuple[str, ...]:
    known = pq.read_table(finished.dataset.folder / "users.parquet")["id"]
    return tuple(str(known[int(user)].as_py()) for user in users)


def _weights(finished: Finished, row: IntArray, user: int, layer: int) -> dict[str, FloatArray]:
    """[H, L, L] by source, for the items that the model sees of a row."""
    data, longest = finished.data, int(finished.record.spec.training["max_length"])
    batch = rows_for_scoring(finished.model, [row], np.array([user]), data.n_items, longest)
    found = watch(finished.model, batch, layer)
    return {name: weight.to(torch.float64).cpu().numpy() for name, weight in found.items()}


def _shown(finished: Finished, row: IntArray, positions: int) -> tuple[int, ...]:
    """The numbers of the items shown, oldest first; 0 for the mask token that a masked objective appends."""
    model = finished.model
    longest = int(finished.record.spec.training["max_length"])
    masked = isinstance(model, SequentialModel) and model.objective == "masked"
    seen = [*row[-(longest - masked) :], *([0] if masked else [])]
    return tuple(int(item) for item in seen[-positions:])


def attention_rows(maps: AttentionMaps) -> list[AttentionRow]:
    """The weights one by one; of keys after their query there is none in causal attention."""
    places = range(1, len(next(iter(maps.weights.values()))) + 1)
    ids = maps.ids or ("",) * len(places)
    user = None if maps.length is None else maps.users[0]
    source = maps.record.fingerprint, user, maps.layer, maps.head
    return [
        AttentionRow(
            *(name, query, key, ids[query - 1], ids[key - 1]), float(weights[query - 1, key - 1]), *source
        )
        for name, weights in maps.weights.items()
        for query in places
        for key in places
        if key <= query or weights[query - 1, key - 1] > 0
    ]
