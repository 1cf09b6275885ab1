"""SASRecF: SASRec with item contents joined to the item embedding, as in RecBole 1.2.1 (Zhao et al. 2021).

Input dropout(LN(W [E_item; C_1 W_1; ...; C_J W_J] + b + P)), then SASRec's blocks; score = state . E_item.
The contents are dense and each projected to the model's width (RecBole embeds tokens instead). With no
modality the joining layer maps the item embedding alone.

Shape letters: K distinct items of a batch, J modalities, T tokens, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.models.base import ModelContext, SequentialModel, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS, Encoder
from bench.models.contents import DenseContents
from bench.models.dropout import Dropout
from bench.suite.settings import SASRecFSettings


class SASRecF(SequentialModel):
    """Causal self-attention over item ids joined with item contents."""

    Settings = SASRecFSettings

    def __init__(self, settings: SASRecFSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.contents = DenseContents(context.features, width)
        self.join = nn.Linear(width * (1 + len(context.features)), width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = Encoder(settings)
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        items_K, places_T = batch.distinct
        joined_KD = self.join(torch.cat([self.items(items_K), *self.contents(items_K)], dim=-1))
        x_TD: Tensor = joined_KD[places_T] + self.positions(batch.positions)
        state_MD: Tensor = self.encoder(self.dropout(self.norm(x_TD)), batch)
        return state_MD

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None
