"""Popularity: every user gets the items most frequent in the training part."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bench.data.prepared import TrainingData
from bench.models.base import CountingModel, ModelContext
from bench.models.batch import Batch
from bench.suite.settings import PopularitySettings


class Popularity(CountingModel):
    """Score = number of training interactions with the item."""

    Settings = PopularitySettings
    counts: Tensor

    def __init__(self, settings: PopularitySettings, context: ModelContext) -> None:
        super().__init__()
        self.register_buffer("counts", torch.zeros(context.n_items + 1, dtype=torch.int64))

    def fit(self, data: TrainingData) -> None:
        counts = np.bincount(data.items, minlength=len(self.counts))
        self.counts.copy_(torch.from_numpy(counts))

    def scores(self, batch: Batch) -> Tensor:
        return self.counts.double().expand(len(batch.at), -1)
