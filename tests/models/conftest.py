"""A small world for models: 30 items, 12 users, rows of at most 10 items, contents with gaps."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, Recommender, SequentialModel
from bench.models.batch import Batch, pack
from bench.models.building import build
from bench.registry import MODALITIES, MODELS, Modality, load

N_ITEMS, N_USERS, MAX_LENGTH = 30, 12, 10
WIDTHS: dict[Modality, int] = {"image": 5, "text": 7, "category": 4}
# Item 5 has no contents at all, items 1 to 4 no image, 6 to 8 no text.
MISSING: dict[Modality, list[int]] = {
    "image": [1, 2, 3, 4, 5],
    "text": [5, 6, 7, 8],
    "category": [5, 9],
}

ATTENTION = {
    "hidden_size": 16,
    "layers": 2,
    "heads": 2,
    "inner_size": 32,
    "hidden_dropout": 0.0,
    "attention_dropout": 0.0,
}
SMALL: dict[str, dict[str, Any]] = {
    "GRU4Rec": {"embedding_size": 16, "hidden_size": 24, "layers": 2, "dropout": 0.0},
    "Caser": {"embedding_size": 16, "dropout": 0.0},
    "MAF": {**ATTENTION, "multimodal_size": 8, "lambda": 0.1},
    "DIF-SR": {**ATTENTION, "attribute_size": 8, "lambda": 0.1},
}


def small_settings(name: str) -> dict[str, Any]:
    return SMALL.get(name, ATTENTION if MODELS[name].attention else {})


Variant = tuple[str, dict[str, Any]]
VARIANTS: dict[str, Variant] = {name: (name, small_settings(name)) for name in MODELS} | {
    f"{name}-{fusion}-{'tasks' if tasks else 'no-tasks'}": (
        name,
        {**small_settings(name), "fusion": fusion, "multitask": tasks},
    )
    for name, default in (("MAF", "sum"), ("DIF-SR", "gate"))
    for fusion in ("sum", "concat", "gate")
    for tasks in (True, False)
    if (fusion, tasks) != (default, True)  # there already
}


def is_sequential(variant: Variant) -> bool:
    return issubclass(load(MODELS[variant[0]].path), SequentialModel)


def is_causal(variant: Variant) -> bool:
    return is_sequential(variant) and load(MODELS[variant[0]].path).causal


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``variant`` runs a test for every model; ``trained`` and ``causal`` for those that are."""
    for fixture, wanted in (
        ("variant", lambda v: True),
        ("trained", is_sequential),
        ("causal", is_causal),
    ):
        if fixture in metafunc.fixturenames:
            chosen = {label: v for label, v in VARIANTS.items() if wanted(v)}
            metafunc.parametrize(fixture, list(chosen.values()), ids=list(chosen))


def make_features(
    modality: Modality, missing: Sequence[int] | None = None, values: np.ndarray[Any, Any] | None = None
) -> ItemFeatures:
    rng = np.random.default_rng(MODALITIES.index(modality))
    labels = modality == "category"
    if values is None:
        values = rng.normal(size=(N_ITEMS + 1, WIDTHS[modality]))
        values = (values > 0) if labels else values
    values = values.astype(np.float32)
    present = np.ones(len(values), dtype=bool)
    present[[0, *(MISSING[modality] if missing is None else missing)]] = False
    values[~present] = 0
    return ItemFeatures(modality, "test", values, present, "none", labels)


def make_context(
    modalities: Sequence[Modality] = MODALITIES, features: Mapping[Modality, ItemFeatures] | None = None
) -> ModelContext:
    features = {m: make_features(m) for m in modalities} if features is None else features
    return ModelContext(N_ITEMS, N_USERS, MAX_LENGTH, features)


def make_model(variant: Variant, context: ModelContext | None = None, seed: int = 0) -> Recommender:
    torch.manual_seed(seed)
    return build(*variant, context or make_context())


def scoring_batch(model: Recommender, rows: Sequence[Sequence[int]]) -> Batch:
    """One target after each row; the target's item is the row's number plus 1."""
    if isinstance(model, SequentialModel) and model.objective == "masked":
        rows = [[*row[-MAX_LENGTH + 1 :], N_ITEMS + 1] for row in rows]
    at = np.array([[r, len(row) - 1] for r, row in enumerate(rows)])
    numbers = np.arange(len(rows))
    return pack([np.array(row) for row in rows], at, numbers % N_USERS, numbers % N_ITEMS + 1)


def prefix_batch(model: SequentialModel, rows: Sequence[Sequence[int]]) -> Batch:
    """A row per target: every item but the first of each row, after all that stand before it."""
    prefixes = [(user, list(row[:end])) for user, row in enumerate(rows) for end in range(1, len(row))]
    targets = [rows[user][len(prefix)] for user, prefix in prefixes]
    if model.objective == "masked":
        prefixes = [(user, [*prefix[-MAX_LENGTH + 1 :], N_ITEMS + 1]) for user, prefix in prefixes]
    at = np.array([[r, len(prefix) - 1] for r, (_, prefix) in enumerate(prefixes)])
    users = np.array([user for user, _ in prefixes])
    return pack([np.array(prefix) for _, prefix in prefixes], at, users, np.array(targets))


def random_rows(lengths: Sequence[int], seed: int = 0) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(1, N_ITEMS + 1, size=length).tolist() for length in lengths]


def padded_encoder(encoder: nn.Module, x_RLD: Tensor, real_RL: Tensor, causal: bool) -> Tensor:
    """RecBole's TransformerEncoder in plain words: padded rows, additive masks of -10000, post-LN."""
    allowed = real_RL[:, None, :].expand(-1, x_RLD.shape[1], -1)
    if causal:
        allowed = torch.tril(allowed)
    mask_RLL = torch.where(allowed, 0.0, -10000.0)
    for attention, forward in zip(encoder.attention, encoder.feed_forward, strict=True):
        size = x_RLD.shape[-1] // attention.heads
        heads = []
        for h in range(attention.heads):
            q, k, v = (
                F.linear(x_RLD, p.weight, p.bias)[..., h * size : (h + 1) * size]
                for p in (attention.query, attention.key, attention.value)
            )
            heads.append(torch.softmax(q @ k.mT / size**0.5 + mask_RLL, dim=-1) @ v)
        out = attention.out
        x_RLD = out.norm(out.dense(torch.cat(heads, dim=-1)) + x_RLD)
        inner = forward.inner(x_RLD)
        inner = inner * 0.5 * (1 + torch.erf(inner / 2**0.5))
        x_RLD = forward.norm(forward.outer(inner) + x_RLD)
    return x_RLD


@pytest.fixture
def world() -> ModuleType:
    """The functions and constants of this file (test files cannot import one another)."""
    return sys.modules[__name__]


@pytest.fixture
def float64() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
