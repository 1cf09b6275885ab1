"""Every target once an epoch, each after its own history; shared passes equal one row per prefix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.prepared import TrainingData
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import Batch, pack
from bench.models.building import build
from bench.registry import Modality
from bench.training.batches import (
    all_targets,
    all_windows,
    masked_epoch,
    prefixes_epoch,
    target_batch,
    windows_epoch,
)


def made(lengths: list[int], n_items: int | None = None, seed: int = 0) -> TrainingData:
    """Training parts of these lengths; without ``n_items`` every interaction is an item of its own."""
    total = sum(lengths)
    rng = np.random.default_rng(seed)
    items = np.arange(1, total + 1) if n_items is None else rng.integers(1, n_items + 1, size=total)
    size = n_items or total
    return TrainingData(
        n_users=len(lengths),
        n_items=size,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        items=items.astype(np.int64),
        validation=rng.integers(1, size + 1, size=len(lengths)),
    )


def contexts(batch: Batch) -> list[tuple[int, int, list[int]]]:
    """User, target and what the row holds up to the token that predicts it."""
    padded, _, at = batch.padded()
    return [
        (int(user), int(target), padded[row, : place + 1].tolist())
        for (row, place), user, target in zip(at.tolist(), batch.users, batch.targets, strict=True)
    ]


sizes = st.lists(st.integers(1, 14), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(1, 9), st.integers(1, 12), st.booleans())
def test_prefixes_score_every_target_once_after_its_newest_items(
    lengths: list[int], batch_size: int, max_length: int, share: bool
) -> None:
    data = made(lengths)
    rng = np.random.default_rng(0)
    batches = list(prefixes_epoch(data, all_targets(data), batch_size, max_length, rng, share))
    assert all(len(b.targets) <= batch_size for b in batches)
    found = {(u, t): c for b in batches for u, t, c in contexts(b)}
    expected = {}
    for user in range(data.n_users):
        part = data.history(user).tolist()
        for t in range(1, len(part)):
            expected[user, part[t]] = part[max(0, t - max_length) : t]
    assert found == expected
    assert sum(len(b.targets) for b in batches) == data.n_targets == sum(lengths) - len(lengths)


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(1, 9), st.integers(1, 12), st.data())
def test_windows_score_every_target_once(
    lengths: list[int], batch_size: int, max_length: int, draw: st.DataObject
) -> None:
    stride = draw.draw(st.none() | st.integers(1, max_length))
    data = made(lengths)
    rng = np.random.default_rng(0)
    batches = list(windows_epoch(data, all_windows(data, max_length, stride), batch_size, rng))
    found = [case for b in batches for case in contexts(b)]
    assert Counter(t for _, t, _ in found) == Counter(
        item for u in range(data.n_users) for item in data.history(u)[1:].tolist()
    )
    for user, target, context in found:
        part = data.history(user).tolist()
        t = part.index(target)
        # Interactions are unique items, so the context must be what comes right before the target,
        # and never less of it than a window of the stride leaves over.
        assert context == part[t - len(context) : t]
        assert len(context) <= max_length
        assert len(context) >= min(t, max_length - (stride or max_length) + 1)


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(1, 9))
def test_windows_hold_whole_users_up_to_the_batch_size(lengths: list[int], batch_size: int) -> None:
    data = made(lengths)
    batches = list(windows_epoch(data, all_windows(data, 4), batch_size, np.random.default_rng(0)))
    users = [set(b.users.tolist()) for b in batches]
    assert sum(len(u) for u in users) == len(set().union(*users)) if users else True
    for batch, present in zip(batches, users, strict=True):
        assert len(batch.targets) <= batch_size or len(present) == 1


def test_hand_worked_windows() -> None:
    # Seven inputs (the eighth item is only a target), maximum 3, stride 2.
    windows = all_windows(made([8]), 3, 2)
    assert list(zip(windows.begin, windows.new, windows.end, strict=True)) == [
        (0, 0, 3),
        (2, 3, 5),
        (4, 5, 7),
    ]


def test_hand_worked_sharing() -> None:
    data = made([5])
    batch = target_batch(data, all_targets(data), np.arange(4), max_length=3)
    # Targets 2, 3, 4 begin at item 1 and share a row; target 5 has the history 2, 3, 4 of its own.
    padded, _, _ = batch.padded()
    assert sorted(padded.tolist()) == [[1, 2, 3], [2, 3, 4]]


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(2, 9), st.sampled_from([0.1, 0.3, 0.9]), st.integers(1, 12))
def test_masked_rows(lengths: list[int], max_length: int, ratio: float, batch_size: int) -> None:
    data = made(lengths)
    mask = data.n_items + 1
    hidden: Counter[int] = Counter()
    last = 0
    for batch in masked_epoch(data, max_length, ratio, batch_size, np.random.default_rng(1)):
        padded, row_lengths, at = batch.padded()
        assert (batch.items[batch.at] == mask).all()
        assert (batch.items == mask).sum() == len(batch.targets)
        for r, length in enumerate(row_lengths.tolist()):
            places = at[at[:, 0] == r, 1].tolist()
            assert 1 < length <= max_length
            assert len(places) in {1, max(1, round(ratio * length))}
            last += places == [length - 1]
            row = padded[r, :length].tolist()
            chosen = at[:, 0] == r
            for place, target in zip(places, batch.targets[chosen].tolist(), strict=True):
                row[place] = target
            assert row == list(range(row[0], row[0] + length))  # a stretch of one user's history
            user = int(batch.users[chosen][0])
            assert set(row) <= set(data.history(user).tolist())
        hidden.update(batch.targets.tolist())
    newest = [data.history(u)[-1] for u in range(data.n_users) if lengths[u] > 1]
    assert all(hidden[int(item)] >= 1 for item in newest)
    assert last >= len(newest)


def features(n_items: int) -> dict[Modality, ItemFeatures]:
    rng = np.random.default_rng(5)
    tables: dict[Modality, ItemFeatures] = {}
    widths: dict[Modality, int] = {"image": 6, "text": 5, "category": 4}
    for modality, width in widths.items():
        present = rng.random(n_items + 1) < 0.8
        present[0] = False
        values = rng.normal(size=(n_items + 1, width))
        if modality == "category":
            values = (values > 0).astype(float)
        tables[modality] = ItemFeatures(
            modality=modality,
            encoder="random numbers of a test",
            values=(values * present[:, None]).astype(np.float32),
            present=present,
            content_hash=modality,
            labels=modality == "category",
        )
    return tables


CAUSAL = [
    ("SASRec", {}),
    ("GRU4Rec", {}),
    ("SASRecF", {}),
    ("FDSA", {}),
    *(("MAF", {"fusion": fusion, "multimodal_size": 4}) for fusion in ("sum", "concat", "gate")),
    ("MAF", {"multitask": False, "multimodal_size": 4}),
    *(("DIF-SR", {"fusion": fusion, "attribute_size": 4}) for fusion in ("sum", "concat", "gate")),
]


@pytest.fixture
def float64() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def causal_model(name: str, options: dict[str, object], n_items: int, users: int) -> SequentialModel:
    settings_ = dict(options)
    if name != "GRU4Rec":
        settings_ |= {"hidden_size": 8, "heads": 2, "inner_size": 12}
    context = ModelContext(n_items, users, max_length=6, features=features(n_items))
    torch.manual_seed(0)
    model = build(name, settings_, context)
    assert isinstance(model, SequentialModel)
    assert model.causal
    for parameter in model.parameters():  # weights of size one, so that every path matters
        torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()  # dropout off


def loss_and_gradients(model: SequentialModel, batch: Batch) -> tuple[float, list[torch.Tensor]]:
    model.zero_grad()
    loss = model.loss(batch)
    loss.backward()
    return float(loss.detach()), [p.grad.clone() for p in model.parameters() if p.grad is not None]


def row_per_prefix(data: TrainingData, users: list[int], max_length: int) -> Batch:
    """RecBole's way: one row for each target, nothing shared."""
    rows, owners, targets = [], [], []
    for user in users:
        part = data.history(user)
        for t in range(1, len(part)):
            rows.append(part[max(0, t - max_length) : t])
            owners.append(user)
            targets.append(part[t])
    at = np.array([(r, len(row) - 1) for r, row in enumerate(rows)])
    return pack(rows, at, np.array(owners), np.array(targets))


@pytest.mark.parametrize(("name", "options"), CAUSAL)
@pytest.mark.parametrize("scheme", ["prefixes", "windows"])
@pytest.mark.usefixtures("float64")
def test_shared_passes_equal_one_row_per_prefix(name: str, options: dict[str, object], scheme: str) -> None:
    # `prefixes` is exact also beyond the maximum length of 6, `windows` only up to it.
    lengths = [1, 2, 7, 4, 3, 5, 7] + ([13] if scheme == "prefixes" else [])
    data = made(lengths, n_items=20)
    model = causal_model(name, options, 20, len(lengths))
    reference = loss_and_gradients(model, row_per_prefix(data, list(range(len(lengths))), 6))
    rng = np.random.default_rng(0)
    if scheme == "prefixes":
        (batch,) = prefixes_epoch(data, all_targets(data), 10_000, 6, rng)
    else:
        (batch,) = windows_epoch(data, all_windows(data, 6), 10_000, rng)
    assert sum(g.rows for g in batch.groups) < data.n_targets  # passes really are shared
    loss, gradients = loss_and_gradients(model, batch)
    assert loss == pytest.approx(reference[0], abs=1e-10)
    assert len(gradients) == len(reference[1])
    for ours, theirs in zip(gradients, reference[1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
