"""BERT4Rec: Sun et al., "BERT4Rec: sequential recommendation with bidirectional encoder", CIKM 2019.

Bidirectional blocks over rows in which the items to predict are replaced by a mask token (section 3.6);
output layer with GELU and the item embedding shared (section 3.5). Layer order and initialisation are
RecBole 1.2.1's: post-LN with LN on the input, and LN after the output's GELU. Its training differs on
purpose: whole windows with random masks and with the last item masked, never prefixes, where RecBole's
position 0 never trains and its evaluation drops the oldest item.

Shape letters: T tokens, M targets, D model width, V = n_items + 1 classes.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.base import ModelContext, SequentialModel, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS, Encoder
from bench.models.dropout import Dropout
from bench.suite.settings import BERT4RecSettings


class BERT4Rec(SequentialModel):
    """Bidirectional self-attention that fills in masked items; the mask token is ``n_items + 1``."""

    Settings = BERT4RecSettings
    causal: ClassVar[bool] = False
    objective: ClassVar[Literal["next", "masked"]] = "masked"

    def __init__(self, settings: BERT4RecSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        self.mask_ratio = settings.mask_ratio
        self.items = nn.Embedding(context.n_items + 2, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = Encoder(settings, causal=False)
        self.head = nn.Linear(width, width)
        self.head_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.bias = nn.Parameter(torch.zeros(context.n_items + 1))
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        """The states of the masked tokens, which stand at ``batch.at``: [M, D]."""
        x_TD = self.items(batch.items) + self.positions(batch.positions)
        state_MD: Tensor = self.encoder(self.dropout(self.norm(x_TD)), batch)
        state_MD = self.head_norm(F.gelu(self.head(state_MD)))
        return state_MD

    def output(self) -> tuple[Tensor, Tensor | None]:
        """All rows but the mask token's, which is no candidate."""
        return self.items.weight[:-1], self.bias
