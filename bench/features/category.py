"""Categories as 0/1 columns, one per label."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import numpy as np

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.suite.settings import MultiHotSettings


class MultiHot(FeatureEncoder):
    """One column per label that at least `minimum` items carry, in the labels' sorted order."""

    labels: ClassVar[bool] = True

    def __init__(self, settings: MultiHotSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, labels] of zeros and ones; an item without a kept label is missing."""
        total = len(catalogue.categories)
        carriers = Counter(label for labels in catalogue.categories for label in set(labels))
        kept = sorted(label for label, count in carriers.items() if count >= self.settings.minimum)
        if not kept:
            raise DataError(f"no category label is carried by {self.settings.minimum} of the {total} items")
        column = {label: place for place, label in enumerate(kept)}
        values = np.zeros((total, len(kept)), dtype=np.float32)
        for place, labels in enumerate(catalogue.categories):
            for label in labels:
                if label in column:
                    values[place, column[label]] = 1
        if progress is not None:
            progress("describe categories", total, total)
        return Encoded(values, np.asarray(values.any(axis=1)), columns=tuple(kept))
