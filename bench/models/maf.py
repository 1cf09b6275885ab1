"""MAF: Oh, Jo and Kim, "Attention-based sequential recommendation system using multimodal data".

arXiv 2405.17959. Equation 3 sums the projected contents, 4 stacks the blocks, 5 and 6 fuse two sources of
attention scores (see fusion.py), 7 scores items, 8 and 9 are the auxiliary tasks, 10 sums the losses. Read
as in RecBole's SASRec where the paper is silent: learned positions, residual connections, post-LN, GELU.

Shape letters: T tokens, M targets, D model width (d).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.models.base import ModelContext, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS
from bench.models.contents import DenseContents
from bench.models.dropout import Dropout
from bench.models.fusion import FusedEncoder, Source, SourceMaps
from bench.models.tasks import AuxiliaryTask, MultitaskModel
from bench.suite.settings import MAFSettings


class MAF(MultitaskModel):
    """Causal attention over item ids, its scores fused with attention scores over item contents."""

    Settings = MAFSettings

    def __init__(self, settings: MAFSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        features = context.features
        maps = {"content": SourceMaps(settings.multimodal_size, bias=False)} if features else {}
        self.task_weight = settings.task_weight
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = FusedEncoder(settings, context.max_length, maps)
        self.contents = DenseContents(features, settings.multimodal_size) if features else None
        self.tasks = nn.ModuleList(
            AuxiliaryTask(self.contents.table(modality), width, settings.reduction)
            for modality in features
            if self.contents is not None and settings.multitask
        )
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        sources = {}
        if self.contents is not None:
            # E_m = E_v W_v + E_t W_t + E_c W_c (equation 3), once per distinct item.
            items, places_T = batch.distinct
            sources["content"] = Source(torch.stack(self.contents(items)).sum(0), places_T)
        x_TD = self.items(batch.items) + self.positions(batch.positions)
        state_MD: Tensor = self.encoder(self.dropout(self.norm(x_TD)), sources, batch)
        return state_MD

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None
