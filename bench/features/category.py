"""Categories as columns, one per label."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.suite.settings import LabelMeanSettings, MultiHotSettings


class MultiHot(FeatureEncoder):
    """One column per label that at least `minimum` items carry, in the labels' sorted order."""

    labels: ClassVar[bool] = True

    def __init__(self, settings: MultiHotSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, labels] of zeros and ones; an item without a kept label is missing."""
        return label_columns(catalogue, self.settings.minimum, progress)


class LabelMean(FeatureEncoder):
    """The columns of `MultiHot` as dense features with rows of sum 1.

    A linear map without bias of such a row is the mean of the item's label embeddings: RecBole 1.2.1's
    treatment of a token_seq field with `pooling_mode: mean`.
    """

    def __init__(self, settings: LabelMeanSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, labels], 1/k for each of an item's k kept labels; an item without one is missing."""
        encoded = label_columns(catalogue, self.settings.minimum, progress)
        kept = encoded.values.sum(axis=1, keepdims=True)
        return Encoded(encoded.values / np.maximum(kept, 1), encoded.present, encoded.columns)


def label_columns(catalogue: Catalogue, minimum: int, progress: Progress | None = None) -> Encoded:
    """[n_items, labels] of zeros and ones: a column per label that at least ``minimum`` items carry.

    Raises:
        DataError: there is no such label.
    """
    total = len(catalogue.categories)
    carriers = Counter(label for labels in catalogue.categories for label in set(labels))
    kept = sorted(label for label, count in carriers.items() if count >= minimum)
    if not carriers:
        raise DataError(f"no category label is carried by any of the {total} items")
    if not kept:
        raise DataError(f"no category label is carried by {minimum} of the {total} items")
    column = {label: place for place, label in enumerate(kept)}
    values = np.zeros((total, len(kept)), dtype=np.float32)
    for place, labels in enumerate(catalogue.categories):
        for label in labels:
            if label in column:
                values[place, column[label]] = 1
    if progress is not None:
        progress("describe categories", total, total)
    return Encoded(values, np.asarray(values.any(axis=1)), columns=tuple(kept))
