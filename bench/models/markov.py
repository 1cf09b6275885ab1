"""Markov: what most often followed the last item (first-order transitions)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.data.prepared import TrainingData
from bench.models.base import CountingModel, ModelContext
from bench.models.batch import Batch
from bench.models.ragged import ranges
from bench.suite.settings import MarkovSettings


class Markov(CountingModel):
    """Score = number of transitions from the last item to this one in the training parts.

    Equal counts are ordered by popularity, scaled below 1 so that it never outweighs a transition; after
    an item that nothing followed, popularity alone decides. Only transitions that occurred are stored, in
    compressed rows: those from item i are entries ``starts[i] : starts[i + 1]`` of ``follower`` and of
    ``count``.
    """

    Settings = MarkovSettings
    popularity: Tensor
    starts: Tensor
    follower: Tensor
    count: Tensor

    def __init__(self, settings: MarkovSettings, context: ModelContext) -> None:
        super().__init__()
        classes = context.n_items + 1
        self.register_buffer("popularity", torch.zeros(classes, dtype=torch.int64))
        self.register_buffer("starts", torch.zeros(classes + 1, dtype=torch.int64))
        self.register_buffer("follower", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("count", torch.zeros(0, dtype=torch.int64))

    def fit(self, data: TrainingData) -> None:
        classes = len(self.popularity)
        user = np.repeat(np.arange(data.n_users), np.diff(data.offsets))
        same_user = user[1:] == user[:-1]
        pairs, count = np.unique((data.items[:-1] * classes + data.items[1:])[same_user], return_counts=True)
        starts = np.searchsorted(pairs // classes, np.arange(classes + 1))
        device = self.popularity.device
        self.popularity = torch.from_numpy(np.bincount(data.items, minlength=classes)).to(device)
        self.starts = torch.from_numpy(starts).to(device)
        self.follower = torch.from_numpy(pairs % classes).to(device)
        self.count = torch.from_numpy(count).to(device)

    def scores(self, batch: Batch) -> Tensor:
        # float64: a count and a fraction of thousands of distinct popularities must fit side by side.
        fraction_V = self.popularity.double() / (self.popularity.max() + 1)
        last_M = batch.items[batch.at]
        first_M = self.starts[last_M]
        target_N, entry_N = ranges(first_M, self.starts[last_M + 1] - first_M)
        scores_MV = fraction_V.repeat(len(last_M), 1)
        scores_MV[target_N, self.follower[entry_N]] += self.count[entry_N]
        return scores_MV

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any) -> None:
        # The number of transitions is known from the state only.
        for name in ("follower", "count"):
            if prefix + name in state_dict:
                setattr(self, name, getattr(self, name).new_empty(state_dict[prefix + name].shape))
        super()._load_from_state_dict(state_dict, prefix, *args)
