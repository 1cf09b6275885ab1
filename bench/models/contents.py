"""Frozen dense item contents, each modality projected to the model's width.

Shape letters: K distinct items of a batch, J modalities, D model width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from bench.features.table import ItemFeatures
from bench.models.base import feature_buffers
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
        for modality, table in features.items():
            values, present = feature_buffers(table)
            self.register_buffer(f"{modality}_values", values, persistent=False)
            self.register_buffer(f"{modality}_present", present, persistent=False)

    def forward(self, items_K: Tensor) -> list[Tensor]:
        """J tensors [K, D]; the rows of items without the modality are zero."""
        return [
            projection(self.get_buffer(f"{modality}_values")[items_K])
            for modality, projection in self.projections.items()
        ]

    def present(self, items_K: Tensor) -> Tensor:
        """Which items have which modality: [K, J] bool."""
        return torch.stack(
            [self.get_buffer(f"{modality}_present")[items_K] for modality in self.projections], dim=1
        )
