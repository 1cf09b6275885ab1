"""What stored features are like: what is missing, double or constant, and whether neighbours go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.data.prepared import TrainingData
from bench.features.neighbours import agreement, followed, nearest
from bench.features.table import ItemFeatures

NEIGHBOURS = 10
_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Checked:
    """What the features of one modality are like.

    Attributes:
        modality: image, text or category.
        encoder: with its options.
        items: of the catalogue.
        missing: items without features.
        doubles: items whose features are exactly those of another item.
        columns: d_j.
        constant_columns: columns with one value for all items that have features.
        zero_items: items that have features, all zero.
        norms: Euclidean lengths of the rows, by quantile.
        followed: of the nearest `NEIGHBOURS` of all items, the share that some user had right before or
            after the item.
        followed_by_chance: the same with every list of neighbours given to another item.
    """

    modality: str
    encoder: str
    items: int
    missing: int
    doubles: int
    columns: int
    constant_columns: int
    zero_items: int
    norms: Mapping[str, float]
    followed: float
    followed_by_chance: float

    @property
    def lift(self) -> float | None:
        """How many times as often neighbours follow each other as by chance; None without a chance."""
        return self.followed / self.followed_by_chance if self.followed_by_chance else None

    def record(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"lift": self.lift}


def check_features(features: ItemFeatures, training: TrainingData) -> Checked:
    """Look at one modality's features; of the interactions only training parts are used."""
    used = features.values[features.present]
    norms = np.linalg.norm(used.astype(np.float64), axis=1)
    _, times = np.unique(used, axis=0, return_counts=True)
    items, neighbours = nearest(features, NEIGHBOURS)
    found, by_chance = agreement(items, neighbours, followed(training))
    return Checked(
        modality=features.modality,
        encoder=features.encoder,
        items=len(features.present) - 1,
        missing=len(features.present) - 1 - len(used),
        doubles=int(times[times > 1].sum()),
        columns=features.width,
        constant_columns=int((np.ptp(used, axis=0) == 0).sum()) if len(used) else 0,
        zero_items=int((norms == 0).sum()),
        norms={f"{q:g}": float(np.quantile(norms, q)) for q in _QUANTILES} if len(norms) else {},
        followed=found,
        followed_by_chance=by_chance,
    )
