"""Attention weights as shown are those that the model mixes its values with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from bench.errors import InputError
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext
from bench.models.batch import pack
from bench.models.building import build
from bench.models.watching import attention_layers, watch

LENGTH = 7
WIDTH, HEADS = 12, 3


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(name: str, features: bool = True, **settings: Any) -> Any:
    """A small model in evaluation mode over 20 items, some of which lack a modality."""
    rng = np.random.default_rng(1)
    tables = {}
    for modality, width in (("image", 5), ("category", 3)):
        present = np.concatenate([[False], rng.random(20) < 0.7])
        values = rng.normal(size=(21, width)).astype(np.float32) * present[:, None]
        tables[modality] = ItemFeatures(modality, "hand", values, present, "hash", labels=False)
    torch.manual_seed(3)
    sizes = {"hidden_size": WIDTH, "heads": HEADS, "layers": 2, "inner_size": 16}
    model = build(name, sizes | settings, ModelContext(20, 4, 10, tables if features else {}))
    for weight in model.parameters():  # published initial weights attend nearly evenly
        torch.nn.init.normal_(weight, std=0.5)
    return model.eval()


def row() -> Any:
    items = np.array([3, 17, 5, 3, 9, 12, 1])
    return pack([items], np.array([[0, LENGTH - 1]]), np.array([0]))


VARIANTS = [
    ("MAF", {"fusion": "sum", "multimodal_size": 6}),
    ("MAF", {"fusion": "concat", "multimodal_size": 6}),
    ("MAF", {"fusion": "gate", "multimodal_size": 6}),
    ("MAF", {"fusion": "sum", "multimodal_size": 6, "score_scale": "sqrt_head"}),
    ("MAF", {"features": False, "multimodal_size": 6}),
    ("DIF-SR", {"fusion": "sum", "attribute_size": 6}),
    ("DIF-SR", {"fusion": "gate", "attribute_size": 6}),
    ("SASRec", {}),
    ("BERT4Rec", {}),
]


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
@pytest.mark.parametrize("layer", [0, 1])
def test_the_weights_give_what_the_layer_gives(name: str, settings: dict[str, Any], layer: int) -> None:
    """Weights times values, computed here, are what the layer's own computation hands to its output map."""
    model, batch = made(name, **settings), row()
    (stack,) = attention_layers(model).values()
    module = stack[layer]
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        module.register_forward_pre_hook(lambda _, given: seen.update(x=given[0])),
        module.out.register_forward_pre_hook(lambda _, given: seen.update(mixed=given[0])),
    ]
    weights = watch(model, batch, layer)
    for hook in hooks:
        hook.remove()
    used = weights.get("fused", weights.get("item"))
    assert used is not None and used.shape == (HEADS, LENGTH, LENGTH)
    values = module.value(seen["x"]).view(LENGTH, HEADS, WIDTH // HEADS).transpose(0, 1)
    mixed = (used @ values).transpose(0, 1).reshape(LENGTH, WIDTH)
    if len(seen["mixed"]) == 1:  # the last layer goes on with the target's place alone
        mixed = mixed[-1:]
    assert torch.allclose(mixed, seen["mixed"], atol=1e-12)


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_rows_are_shares_of_what_came_before(name: str, settings: dict[str, Any]) -> None:
    found = watch(made(name, **settings), row())
    for weights in found.values():
        assert torch.allclose(weights.sum(-1), torch.ones(HEADS, LENGTH))
        if name != "BERT4Rec":
            assert weights.triu(1).abs().max() == 0
    names = {
        "MAF": {"item", "content", "fused"},
        "DIF-SR": {"item", "position", "image", "category", "fused"},
    }
    assert set(found) == (names.get(name, {"item"}) if settings.get("features", True) else {"item"})


def test_item_scores_by_hand() -> None:
    """softmax(q k' / sqrt(d)) of the item states alone, in numpy."""
    model, batch = made("MAF", fusion="gate", multimodal_size=6), row()
    (stack,) = attention_layers(model).values()
    seen: dict[str, torch.Tensor] = {}
    hook = stack[1].register_forward_pre_hook(lambda _, given: seen.update(x=given[0]))
    found = watch(model, batch)["item"].numpy()
    hook.remove()
    q, k = (linear(seen["x"]).detach().numpy() for linear in (stack[1].query, stack[1].key))
    size = WIDTH // HEADS
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        for query in range(LENGTH):
            scores = k[: query + 1, part] @ q[query, part] / math.sqrt(WIDTH)
            expected = np.exp(scores) / np.exp(scores).sum()
            assert np.allclose(found[head, query, : query + 1], expected, atol=1e-12)


def test_each_encoder_of_a_model_has_its_own() -> None:
    assert set(watch(made("FDSA"), row())) == {"item", "field"}


def test_what_cannot_be_shown() -> None:
    with pytest.raises(InputError, match="has no attention"):
        watch(build("GRU4Rec", {"hidden_size": 8, "embedding_size": 8}, ModelContext(20, 4, 10)), row())
    with pytest.raises(InputError, match="2 layers"):
        watch(made("SASRec"), row(), 2)
    two = pack([np.array([1, 2]), np.array([3])], np.array([[0, 1], [1, 0]]), np.array([0, 1]))
    with pytest.raises(ValueError, match="one row, not 2"):
        watch(made("SASRec"), two)
