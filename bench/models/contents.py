"""Frozen dense item contents, each modality projected to the model's width.

Shape letters: K distinct items of a batch, J modalities, D model width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench.features.table import ItemFeatures
from bench.models.tables import FeatureTable
from bench.registry import Modality


class DenseContents(nn.Module):
    """One linear map per modality, without bias: a missing modality contributes exactly nothing.

    On one-hot features the map is RecBole's embedding lookup, on normalised multi-hot ones its mean
    pooling. The features themselves are frozen and stay out of the saved state.
    """

    def __init__(self, features: Mapping[Modality, ItemFeatures], size: int) -> None:
        super().__init__()
        self.projections = nn.ModuleDict(
            {modality: nn.Linear(table.width, size, bias=False) for modality, table in features.items()}
        )
        self.tables = nn.ModuleDict({modality: FeatureTable(table) for modality, table in features.items()})

    def forward(self, items_K: Tensor) -> list[Tensor]:
        """J tensors [K, D]; the rows of items without the modality are zero."""
        return [
            projection(self.table(modality).values[items_K])
            for modality, projection in self.projections.items()
        ]

    def table(self, modality: str) -> FeatureTable:
        """The features of a modality."""
        found = self.tables[modality]
        assert isinstance(found, FeatureTable)
        return found

    def present(self, items_K: Tensor) -> Tensor:
        """Which items have which modality: [K, J] bool."""
        return torch.stack([self.table(modality).present[items_K] for modality in self.tables], dim=1)
