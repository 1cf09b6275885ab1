"""LastItem: the user's own history, newest first. Shows how often people simply come back."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.data.prepared import TrainingData
from bench.models.base import CountingModel, ModelContext
from bench.models.batch import Batch
from bench.models.ragged import ranges
from bench.suite.settings import LastItemSettings


class LastItem(CountingModel):
    """Score = place (from 1) of the item's last occurrence in the history; 0 for all other items."""

    Settings = LastItemSettings

    def __init__(self, settings: LastItemSettings, context: ModelContext) -> None:
        super().__init__()
        self.classes = context.n_items + 1

    def fit(self, data: TrainingData) -> None:
        """Nothing is learned from other users."""

    def scores(self, batch: Batch) -> Tensor:
        position_M = batch.positions[batch.at]
        target_N, token_N = ranges(batch.at - position_M, position_M + 1)
        place_N = (batch.positions[token_N] + 1).to(torch.get_default_dtype())
        scores_MV = place_N.new_zeros(len(batch.at), self.classes)
        cell_N = target_N * self.classes + batch.items[token_N]
        scores_MV.view(-1).scatter_reduce_(0, cell_N, place_N, "amax")
        return scores_MV
