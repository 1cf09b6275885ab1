"""SASRec: Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018, as built by RecBole 1.2.1.

Input R^1 = dropout(LN(E_item + P)); causal blocks (post-LN, GELU); score = state . E_item.
"""

from __future__ import annotations

from torch import Tensor, nn

from bench.models.base import ModelContext, SequentialModel, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS, Encoder
from bench.models.dropout import Dropout
from bench.suite.settings import SASRecSettings


class SASRec(SequentialModel):
    """Causal self-attention over item ids."""

    Settings = SASRecSettings

    def __init__(self, settings: SASRecSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = Encoder(settings)
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        x_TD = self.items(batch.items) + self.positions(batch.positions)
        state_MD: Tensor = self.encoder(self.dropout(self.norm(x_TD)), batch)
        return state_MD

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None
