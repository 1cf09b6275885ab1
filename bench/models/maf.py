"""MAF: Oh, Jo and Kim, "Attention-based sequential recommendation system using multimodal data".

arXiv 2405.17959. Equation 3 sums the projected contents, 4 stacks the blocks, 5 and 6 fuse two sources of
attention scores (see fusion.py), 7 scores items, 8 and 9 are the auxiliary tasks, 10 sums the losses. Read
as in RecBole's SASRec where the paper is silent: learned positions, residual connections, post-LN, GELU.

Shape letters: T tokens, K distinct items of a batch, C content width (d'), D model width (d), M targets.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel, feature_buffers, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS, FeedForward
from bench.models.contents import DenseContents
from bench.models.dropout import Dropout
from bench.models.fusion import FusedAttention
from bench.suite.settings import MAFSettings


class AuxiliaryTask(nn.Module):
    """Prediction of the target item's contents in one modality (equations 8 and 9).

    Squared error for dense features, binary cross-entropy for labels. ``mean`` averages over dimensions,
    ``sum`` adds them up as the paper writes it; both average over the targets that have the modality.
    """

    def __init__(self, features: ItemFeatures, width: int, reduction: str) -> None:
        super().__init__()
        self.head = nn.Linear(width, features.width)
        self.labels = features.labels
        self.reduction = reduction
        values, present = feature_buffers(features)
        self.register_buffer("values", values, persistent=False)
        self.register_buffer("present", present, persistent=False)

    def forward(self, state_MD: Tensor, targets_M: Tensor) -> Tensor:
        """The task's loss: scalar; zero if no target has the modality."""
        present_M = self.get_buffer("present")[targets_M].to(state_MD.dtype)
        wanted = self.get_buffer("values")[targets_M]
        predicted = self.head(state_MD)
        if self.labels:
            error = F.binary_cross_entropy_with_logits(predicted, wanted, reduction="none")
        else:
            error = (predicted - wanted).square()
        error_M = error.mean(1) if self.reduction == "mean" else error.sum(1)
        return (error_M * present_M).sum() / present_M.sum().clamp(min=1)


class FusedEncoder(nn.Module):
    """R^{k+1} = LN(FFN(MAF(R^k, E_m))) (equation 4); the same E_m enters every block."""

    def __init__(self, settings: MAFSettings, max_length: int, contents: bool) -> None:
        super().__init__()
        self.attention = nn.ModuleList(
            FusedAttention(settings, max_length, contents) for _ in range(settings.layers)
        )
        self.feed_forward = nn.ModuleList(FeedForward(settings) for _ in range(settings.layers))

    def forward(self, x_TD: Tensor, contents_KC: Tensor | None, batch: Batch) -> Tensor:
        """New token states: [T, D]."""
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            x_TD = feed_forward(attention(x_TD, contents_KC, batch))
        return x_TD


class MAF(SequentialModel):
    """Causal attention over item ids, its scores fused with attention scores over item contents."""

    Settings = MAFSettings

    def __init__(self, settings: MAFSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        features = list(context.features.values())
        self.task_weight = settings.task_weight
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = FusedEncoder(settings, context.max_length, bool(features))
        self.contents = DenseContents(context.features, settings.multimodal_size) if features else None
        self.tasks = nn.ModuleList(
            AuxiliaryTask(f, width, settings.reduction) for f in features if settings.multitask
        )
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        contents_KC = None  # E_m = E_v W_v + E_t W_t + E_c W_c (equation 3), once per distinct item
        if self.contents is not None:
            contents_KC = torch.stack(self.contents(batch.distinct[0])).sum(0)
        x_TD = self.items(batch.items) + self.positions(batch.positions)
        x_TD = self.encoder(self.dropout(self.norm(x_TD)), contents_KC, batch)
        return x_TD[batch.at]

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None

    def loss(self, batch: Batch) -> Tensor:
        """L = L_id + lambda (L_v + L_t + L_c) (equation 10): scalar."""
        state_MD = self.encode(batch)
        loss = self.task_loss(state_MD, batch)
        for task in self.tasks:
            loss = loss + self.task_weight * task(state_MD, batch.targets)
        return loss
