"""RecBole's item features as tables that native models read.

Shape letters: V = items with the padding item, D dimensions or labels, K labels of an item.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bench.errors import InputError
from bench.features.store import features_hash
from bench.features.table import ItemFeatures
from bench.registry import Modality

# The types of RecBole's columns that can hold each modality; `token` is one label. Not `float`: RecBole gives
# items without a value the mean of the others.
_TYPES: dict[Modality, tuple[str, ...]] = {
    "image": ("float_seq",),
    "text": ("float_seq",),
    "category": ("token_seq", "token"),
}


def item_features(dataset: Any, modality: Modality, field: str) -> ItemFeatures:
    """The values of one column of the ``.item`` file.

    Dense values are taken as RecBole hands them over, scaled by its ``normalize_all`` or
    ``normalize_field``. It fills missing and short vectors with zeros: a vector of zeros counts as missing.

    Args:
        dataset: RecBole's.
        modality: image and text are dense, category is one 0/1 column for each label.
        field: the column's name.

    Raises:
        InputError: there is no such column of items, it is of another type, RecBole has changed its values
            into buckets, or every item lacks it.
    """
    kind = _column_type(dataset, field)
    if kind not in _TYPES[modality]:
        raise InputError(
            f"{modality}_field: the column {field!r} is of type {kind}",
            remedy=f"{modality} is read from a column of type {' or '.join(_TYPES[modality])}",
        )
    column = dataset.get_item_feature()[field].cpu().numpy()
    if modality == "category":
        values = _multi_hot(column, int(dataset.num(field)))
    else:
        values = _dense(dataset, field, column)
    values[0] = 0  # the padding item
    present = np.asarray(values.any(axis=1))
    if not present.any():
        raise InputError(f"{modality}_field: no item has a value in the column {field!r}")
    return ItemFeatures(
        modality=modality,
        encoder=f"recbole {field}",
        values=values,
        present=present,
        content_hash=features_hash(values, present),
        labels=modality == "category",
    )


def _column_type(dataset: Any, field: str) -> str:
    if dataset.item_feat is None or field not in dataset.item_feat:
        known = [] if dataset.item_feat is None else list(dataset.item_feat.columns)
        raise InputError(
            f"RecBole has loaded no item column {field!r}",
            remedy=f"add it to load_col: item: (loaded are {', '.join(known) or 'none'})",
        )
    kind: str = dataset.field2type[field].value
    return kind


def _multi_hot(numbers: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.float32]:
    """[V, D] of zeros and ones, of label numbers [V] or [V, K] where 0 pads and ``total`` counts it."""
    numbers = numbers.reshape(len(numbers), -1)
    values = np.zeros((len(numbers), total), dtype=np.float32)
    np.put_along_axis(values, numbers, 1, axis=1)
    return np.ascontiguousarray(values[:, 1:])


def _dense(dataset: Any, field: str, column: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """[V, D] of the values.

    RecBole sets a 1 beside each value of its ``numerical_features``, [..., 2], for models that scale an
    embedding by it; and with ``discretization`` a 1 before each bucket's number, which is no value.
    """
    if field in (dataset.config["discretization"] or {}):
        raise InputError(
            f"the column {field!r} holds numbers of buckets", remedy="take it out of RecBole's discretization"
        )
    if field in (dataset.config["numerical_features"] or ()):
        column = column[..., 0]
    return np.array(column, dtype=np.float32)
