"""ContentKNN: the items whose contents are nearest to the last item's."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.data.prepared import TrainingData
from bench.errors import TrainingError
from bench.models.base import CountingModel, ModelContext, feature_buffers
from bench.models.batch import Batch
from bench.suite.settings import ContentKNNSettings

INCOMPARABLE = -2.0  # below every cosine
ITSELF = -3.0


class ContentKNN(CountingModel):
    """Score = cosine similarity with the last item, averaged over the modalities that both items have.

    Items that share no modality with the last one come after all others, and the last item itself, which
    is not its own neighbour, comes last.

    Raises:
        TrainingError: no modality is chosen, or the dataset has none.
    """

    Settings = ContentKNNSettings

    def __init__(self, settings: ContentKNNSettings, context: ModelContext) -> None:
        super().__init__()
        if not context.features:
            raise TrainingError(
                "ContentKNN has nothing to compare: no modality is chosen, or the dataset has none"
            )
        self.modalities = tuple(context.features)
        for modality, table in context.features.items():
            values, present = feature_buffers(table)
            # In float64, like contents give like scores whatever the batch, and unlike ones are no ties.
            self.register_buffer(f"{modality}_directions", F.normalize(values.double()), persistent=False)
            self.register_buffer(f"{modality}_present", present, persistent=False)

    def fit(self, data: TrainingData) -> None:
        """Nothing is learned from interactions."""

    def scores(self, batch: Batch) -> Tensor:
        last_M = batch.items[batch.at]
        total_MV = shared_MV = torch.zeros((), device=last_M.device)
        for modality in self.modalities:
            direction_VD = self.get_buffer(f"{modality}_directions")
            present_V = self.get_buffer(f"{modality}_present")
            # Rows of items without the modality are zero, so they add nothing to the sum.
            total_MV = total_MV + direction_VD[last_M] @ direction_VD.T
            shared_MV = shared_MV + (present_V[last_M][:, None] & present_V)
        scores_MV = (total_MV / shared_MV.clamp(min=1)).masked_fill(shared_MV == 0, INCOMPARABLE)
        return scores_MV.scatter(1, last_M[:, None], ITSELF)
