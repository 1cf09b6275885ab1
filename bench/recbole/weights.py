"""RecBole 1.2.1's weights as those of the native model of the same name.

Only tensors are renamed, reordered and transposed, so that RecBole itself is not needed. Nothing is guessed:
a weight that no rule knows, a rule that finds no weight and a table of the wrong size are errors, and
``model.load_state_dict(native_state(...))`` is strict about the rest (shapes, layers).

RecBole's weights that no score depends on, and that are therefore left out:

- row 0 of Caser's user table (there is no user 0); its norm is nonetheless part of RecBole's loss;
- row 0 of a label table (padding, masked before the mean).

Shape letters: V = n_items + 1, U users, G labels, D width.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bench.errors import InputError

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Numbering:
    """RecBole's number of everything that both sides number.

    Attributes:
        items: [V] of item 1..n at places 1..n; 0 (padding) stays 0.
        users: [U] of user 0..U-1, from 1 (Caser).
        labels: [G] of each category column, from 1 (SASRecF, FDSA).
    """

    items: IntArray
    users: IntArray | None = None
    labels: IntArray | None = None


@dataclass(frozen=True)
class _Rule:
    """Weights that ``recbole`` matches are called ``native`` (a replacement for `re.sub`).

    ``rows`` says which numbering the rows follow.
    """

    recbole: str
    native: str
    rows: Literal["items", "users", "labels"] | None = None


def _linear(recbole: str, native: str) -> _Rule:
    """Weight and bias of a linear layer, a LayerNorm or a convolution."""
    return _Rule(rf"{recbole}\.(weight|bias)", rf"{native}.\g<1>")


def _encoder(recbole: str, native: str) -> tuple[_Rule, ...]:
    """All blocks of a transformer encoder."""
    block = rf"{recbole}\.layer\.(\d+)"
    attention, forward = rf"{native}.attention.\g<1>", rf"{native}.feed_forward.\g<1>"
    parts = {
        r"multi_head_attention\.query": f"{attention}.query",
        r"multi_head_attention\.key": f"{attention}.key",
        r"multi_head_attention\.value": f"{attention}.value",
        r"multi_head_attention\.dense": f"{attention}.out.dense",
        r"multi_head_attention\.LayerNorm": f"{attention}.out.norm",
        r"feed_forward\.dense_1": f"{forward}.inner",
        r"feed_forward\.dense_2": f"{forward}.outer",
        r"feed_forward\.LayerNorm": f"{forward}.norm",
    }
    return tuple(_Rule(rf"{block}\.{old}\.(weight|bias)", rf"{new}.\g<2>") for old, new in parts.items())


_ITEMS = _Rule(r"item_embedding\.weight", "items.weight", rows="items")
_POSITIONS = _Rule(r"position_embedding\.weight", "positions.weight")
_NORM = _linear("LayerNorm", "norm")


def _labels(native: str) -> _Rule:
    """The one token_seq field of RecBole's feature layer."""
    return _Rule(
        r"feature_embed_layer\.token_seq_embedding_table\.item\.0\.weight",
        f"{native}.projections.category.weight",
        rows="labels",
    )


RULES: Mapping[str, tuple[_Rule, ...]] = {
    "SASRec": (_ITEMS, _POSITIONS, _NORM, *_encoder("trm_encoder", "encoder")),
    "GRU4Rec": (
        _ITEMS,
        _Rule(r"gru_layers\.(weight_[ih]h_l\d+)", r"gru.\g<1>"),
        _linear("dense", "dense"),
    ),
    "SASRecF": (
        _ITEMS,
        _POSITIONS,
        _NORM,
        _labels("contents"),
        _linear("concat_layer", "join"),
        *_encoder("trm_encoder", "encoder"),
    ),
    "FDSA": (
        _ITEMS,
        _POSITIONS,
        _NORM,
        _labels("fields.contents"),
        _linear(r"feature_att_layer\.projection\.0", "fields.attention.inner"),
        _linear(r"feature_att_layer\.projection\.2", "fields.attention.energy"),
        _linear("concat_layer", "join"),
        *_encoder("item_trm_encoder", "item_encoder"),
        *_encoder("feature_trm_encoder", "field_encoder"),
    ),
    "Caser": (
        _ITEMS,
        _Rule(r"user_embedding\.weight", "users.weight", rows="users"),
        _linear("conv_v", "vertical.convolution"),
        _Rule(r"conv_h\.(\d+)\.(weight|bias)", r"horizontal.convolutions.\g<1>.\g<2>"),
        _linear("fc1", "fc1"),
        _linear("fc2", "fc2"),
    ),
}


def native_state(name: str, recbole_state: Mapping[str, Tensor], numbering: Numbering) -> dict[str, Tensor]:
    """The state dict of the native model ``name`` with the weights of RecBole's.

    SASRecF and FDSA: RecBole pools the embeddings of an item's labels. Their mean (`pooling_mode: mean`) is
    the native projection of encoder `label-mean`'s features with the transposed table as its weight; their
    sum (`sum`, its default for SASRecF) that of `multi-hot`'s.

    Args:
        name: SASRec, GRU4Rec, SASRecF, FDSA or Caser.
        recbole_state: of ``state_dict()`` of RecBole's model; SASRecF and FDSA read one token_seq field.
        numbering: from our numbers to RecBole's.

    Raises:
        InputError: no rules for this model, a weight is missing or unknown, or a table and the numbering
            do not fit each other.
    """
    if name not in RULES:
        raise InputError(
            f"weights of RecBole's {name!r} cannot be taken over", remedy=f"possible: {', '.join(RULES)}"
        )
    native: dict[str, Tensor] = {}
    unknown = set(recbole_state)
    for rule in RULES[name]:
        found = {key: match for key in recbole_state if (match := re.fullmatch(rule.recbole, key))}
        if not found:
            raise InputError(f"RecBole's {name} has no weight that matches {rule.recbole!r}")
        for key, match in found.items():
            native[match.expand(rule.native)] = _ordered(key, recbole_state[key], rule, numbering)
        unknown -= set(found)
    if unknown:
        raise InputError(
            f"RecBole's {name} has weights that the native model lacks: {', '.join(sorted(unknown))}"
        )
    return native


def _ordered(key: str, weight: Tensor, rule: _Rule, numbering: Numbering) -> Tensor:
    """A copy of a RecBole weight with its rows in our order, as the native model holds it."""
    if rule.rows is None:
        return weight.clone()
    numbers = getattr(numbering, rule.rows)
    if numbers is None:
        raise InputError(f"{key} needs the numbering of {rule.rows}")
    first = 0 if rule.rows == "items" else 1  # RecBole's row 0 is padding; only items keep it
    if rule.rows == "items" and numbers[:1].tolist() != [0]:
        raise InputError(f"{key}: the numbering of items must begin with 0, the padding item")
    if not np.array_equal(np.sort(numbers), np.arange(first, len(weight))):
        raise InputError(
            f"{key} has the rows {first} to {len(weight) - 1}; the numbering of {rule.rows} must name each"
            f" of them once, and has {len(numbers)} entries"
        )
    rows = weight[torch.from_numpy(np.asarray(numbers, dtype=np.int64)).to(weight.device)]
    return rows.T.contiguous() if rule.rows == "labels" else rows
