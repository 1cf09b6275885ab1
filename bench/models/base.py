"""What every recommender offers, and the two kinds: trained by gradient, or counted.

Shape letters: T tokens of a batch, M targets, D model width, V = n_items + 1 classes (0 is padding).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.data.prepared import TrainingData
from bench.features.table import ItemFeatures
from bench.models.batch import Batch
from bench.models.softmax import linear_cross_entropy
from bench.registry import Modality
from bench.suite.settings import Settings


@dataclass(frozen=True)
class ModelContext:
    """What a model must know of the data it will see.

    Attributes:
        n_items: number of items; item numbers are 1..n_items.
        n_users: number of users; user numbers are 0..n_users-1.
        max_length: longest row.
        features: item features by modality, in the order image, text, category; only those chosen.
    """

    n_items: int
    n_users: int
    max_length: int
    features: Mapping[Modality, ItemFeatures] = field(default_factory=dict)


class Recommender(nn.Module, ABC):
    """Scores every item after each row of a batch."""

    Settings: ClassVar[type[Settings]] = Settings

    @abstractmethod
    def scores(self, batch: Batch) -> Tensor:
        """Scores of all classes for each target place: [M, V]; column 0 (padding) is ignored."""


class CountingModel(Recommender):
    """A model that is fitted in one pass over the training part. Its state lies in buffers."""

    @abstractmethod
    def fit(self, data: TrainingData) -> None:
        """Count what the model needs."""


class SequentialModel(Recommender):
    """A model trained by gradient on next-item (or masked-item) prediction.

    Class attributes:
        causal: the state after token t depends on tokens up to t only, so that all targets of a row share
            one pass. Where False, training makes one row per target.
        objective: ``next`` predicts the item after a token; ``masked`` predicts hidden items from both
            sides, with the mask token ``n_items + 1`` in the row.

    Attributes:
        mask_ratio: share of a training row's items that is hidden, for masked objectives.
        bf16: train with products in bfloat16: those of the softmax, and on an accelerator all. Weights and
            scores are float32.
    """

    mask_ratio: float = 0.0
    bf16: bool = False

    causal: ClassVar[bool] = True
    objective: ClassVar[Literal["next", "masked"]] = "next"

    @abstractmethod
    def encode(self, batch: Batch) -> Tensor:
        """The state that predicts each target: [M, D]."""

    @abstractmethod
    def output(self) -> tuple[Tensor, Tensor | None]:
        """The matrix [V, D] and bias [V] (or None) that turn states into scores."""

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy over all V classes, as in RecBole (the padding row is a class): scalar."""
        return self.task_loss(self.encode(batch), batch)

    def task_loss(self, state_MD: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of the targets given their states: scalar."""
        return linear_cross_entropy(state_MD, *self.output(), batch.targets, bf16=self.bf16)

    def scores(self, batch: Batch) -> Tensor:
        return self._logits(self.encode(batch))

    def _logits(self, state_MD: Tensor) -> Tensor:
        weight_VD, bias_V = self.output()
        scores_MV = (weight_VD @ state_MD.T).T  # this way round the product is faster for few states
        return scores_MV if bias_V is None else scores_MV + bias_V


def init_bert(module: nn.Module, std: float = 0.02) -> None:
    """RecBole's initialisation of transformer models: weights N(0, std), biases 0 (use with ``apply``)."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=std)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def feature_buffers(features: ItemFeatures) -> tuple[Tensor, Tensor]:
    """Values [V, d_j] and presence [V] as tensors (of the default dtype, so that float64 runs work)."""
    values = torch.from_numpy(features.values).to(torch.get_default_dtype())
    return values, torch.from_numpy(features.present)
