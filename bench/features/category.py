"""Categories as columns, one per label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.suite.settings import LabelMeanSettings, LabelSettings, MultiHotSettings


class MultiHot(FeatureEncoder):
    """One column per label that at least `minimum` items carry, in the labels' sorted order."""

    labels: ClassVar[bool] = True

    def __init__(self, settings: MultiHotSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, labels] of zeros and ones; an item without a kept label is missing."""
        return label_columns(catalogue, self.settings, progress)


class LabelMean(FeatureEncoder):
    """The columns of `MultiHot` as dense features with rows of sum 1.

    A linear map without bias of such a row is the mean of the item's label embeddings: RecBole 1.2.1's
    treatment of a token_seq field with `pooling_mode: mean`.
    """

    def __init__(self, settings: LabelMeanSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, labels], 1/k for each of an item's k kept labels; an item without one is missing."""
        encoded = label_columns(catalogue, self.settings, progress)
        kept = encoded.values.sum(axis=1, keepdims=True)
        return Encoded(encoded.values / np.maximum(kept, 1), encoded.present, encoded.columns)


def label_columns(catalogue: Catalogue, settings: LabelSettings, progress: Progress | None = None) -> Encoded:
    """[n_items, labels] of zeros and ones: a column per label that the settings take.

    Raises:
        DataError: there is no such label, or levels are asked for and the source knows none.
    """
    total = len(catalogue.categories)
    labelled = _labels(catalogue, settings.levels)
    carriers = Counter(label for labels in labelled for label in set(labels))
    kept = sorted(label for label, count in carriers.items() if count >= settings.minimum)
    if not carriers:
        at = "" if settings.levels is None else f" at the levels {', '.join(map(str, settings.levels))}"
        raise DataError(f"no category label{at} is carried by any of the {total} items")
    if not kept:
        raise DataError(f"no category label is carried by {settings.minimum} of the {total} items")
    column = {label: place for place, label in enumerate(kept)}
    values = np.zeros((total, len(kept)), dtype=np.float32)
    for place, labels in enumerate(labelled):
        for label in labels:
            if label in column:
                values[place, column[label]] = 1
    if progress is not None:
        progress("describe categories", total, total)
    return Encoded(values, np.asarray(values.any(axis=1)), columns=tuple(kept))


def _labels(catalogue: Catalogue, levels: Sequence[int] | None) -> Sequence[Sequence[str]]:
    """The labels of each item, at these levels of its paths."""
    if levels is None:
        return catalogue.categories
    if catalogue.paths is None:
        raise DataError("its categories have no levels: leave `levels` out of features.category")
    return [
        [
            path[level - 1 if level > 0 else level]
            for path in paths
            for level in levels
            if _reaches(path, level)
        ]
        for paths in catalogue.paths
    ]


def _reaches(path: Sequence[str], level: int) -> bool:
    return abs(level) <= len(path) and path[level - 1 if level > 0 else level] != ""
