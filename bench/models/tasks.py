"""Auxiliary tasks that MAF and DIF-SR train beside the next item.

Shape letters: M targets, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.base import SequentialModel
from bench.models.batch import Batch
from bench.models.regression import linear_squared_error
from bench.models.tables import FeatureTable


class AuxiliaryTask(nn.Module):
    """Prediction of the target item's contents in one modality (MAF, equations 8 and 9).

    Squared error for dense features, binary cross-entropy for labels. ``mean`` averages over dimensions,
    ``sum`` adds them up as MAF's paper writes it; both average over the targets that have the modality.
    """

    def __init__(self, table: FeatureTable, width: int, reduction: str) -> None:
        super().__init__()
        self.head = nn.Linear(width, table.width)
        self.reduction = reduction
        self.table = table

    def forward(self, state_MD: Tensor, targets_M: Tensor) -> Tensor:
        """The task's loss: scalar; zero if no target has the modality."""
        present_M = self.table.present[targets_M].to(state_MD.dtype)
        share_M = present_M / present_M.sum().clamp(min=1)
        if self.reduction == "mean":
            share_M = share_M / self.head.out_features
        if self.table.labels:
            wanted = self.table.values[targets_M]
            error = F.binary_cross_entropy_with_logits(self.head(state_MD), wanted, reduction="none")
            return torch.dot(error.sum(1), share_M)
        return linear_squared_error(
            state_MD,
            self.head.weight,
            self.head.bias,
            self.table.values,
            self.table.squares,
            targets_M,
            share_M,
        )


class MultitaskModel(SequentialModel):
    """A model that trains auxiliary tasks beside the next item.

    Attributes:
        tasks: one `AuxiliaryTask` for each modality that is predicted, or none.
        task_weight: lambda, the weight of all of them.
    """

    tasks: nn.ModuleList
    task_weight: float

    def loss(self, batch: Batch) -> Tensor:
        """L = L_id + lambda times the sum of the tasks' losses (MAF, equation 10): scalar."""
        state_MD = self.encode(batch)
        loss = self.task_loss(state_MD, batch)
        for task in self.tasks:
            loss = loss + self.task_weight * task(state_MD, batch.targets)
        return loss
