"""FDSA: Zhang et al., "Feature-level deeper self-attention network for sequential recommendation".

IJCAI 2019, as built by RecBole 1.2.1: attention over an item's fields (the paper's vanilla attention)
gives one vector per item; items and these vectors run through an encoder each; the two last states are
joined by a linear layer. One LayerNorm serves three places: both inputs and the joined output.

Fields are the modalities, dense and each projected to the model's width; the field attention leaves out
the modalities that an item lacks. An item without any, and every item where no modality is chosen, has
the zero vector, so that the second encoder sees positions alone.

Shape letters: K distinct items of a batch, J modalities, T tokens, M targets, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.models.base import ModelContext, SequentialModel, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS, Encoder
from bench.models.contents import DenseContents
from bench.models.dropout import Dropout
from bench.suite.settings import FDSASettings


class FieldAttention(nn.Module):
    """Weighted mean of an item's fields; RecBole's VanillaAttention with a mask."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.energy = nn.Linear(width, 1)

    def forward(self, fields_KJD: Tensor, present_KJ: Tensor) -> Tensor:
        """[K, D]; zero where an item has no field."""
        energy_KJ = self.energy(torch.relu(self.inner(fields_KJD))).squeeze(-1)
        # The least finite number instead of -inf, which makes NaN of an item without any field.
        energy_KJ = energy_KJ.masked_fill(~present_KJ, torch.finfo(energy_KJ.dtype).min)
        weight_KJ = torch.softmax(energy_KJ, dim=-1) * present_KJ
        return (fields_KJD * weight_KJ.unsqueeze(-1)).sum(dim=-2)


class ContentFields(nn.Module):
    """One vector per item from all the modalities it has."""

    def __init__(self, context: ModelContext, width: int) -> None:
        super().__init__()
        self.contents = DenseContents(context.features, width)
        self.attention = FieldAttention(width)

    def forward(self, items_K: Tensor) -> Tensor:
        """[K, D]."""
        fields_KJD = torch.stack(self.contents(items_K), dim=1)
        mixed_KD: Tensor = self.attention(fields_KJD, self.contents.present(items_K))
        return mixed_KD


class FDSA(SequentialModel):
    """Causal self-attention over items beside causal self-attention over item contents."""

    Settings = FDSASettings

    def __init__(self, settings: FDSASettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.fields = ContentFields(context, width) if context.features else None
        self.item_encoder = Encoder(settings)
        self.field_encoder = Encoder(settings)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.join = nn.Linear(2 * width, width)
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        positions_TD = self.positions(batch.positions)
        items_TD = self.dropout(self.norm(self.items(batch.items) + positions_TD))
        fields_TD = self.dropout(self.norm(self._fields(batch, positions_TD)))
        states_MD = [
            self.item_encoder(items_TD, batch),
            self.field_encoder(fields_TD, batch),
        ]
        state_MD: Tensor = self.dropout(self.norm(self.join(torch.cat(states_MD, dim=-1))))
        return state_MD

    def _fields(self, batch: Batch, positions_TD: Tensor) -> Tensor:
        """Content vector plus position of every token: [T, D]."""
        if self.fields is None:
            return positions_TD
        items_K, places_T = batch.distinct
        fields_TD: Tensor = self.fields(items_K)[places_T] + positions_TD
        return fields_TD

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None
