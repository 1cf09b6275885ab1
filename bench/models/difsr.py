"""DIF-SR: Xie, Zhou and Kim, "Decoupled side information fusion for sequential recommendation", SIGIR 2022.

arXiv 2204.11046. Positions and attributes never enter the item states: R^1 = dropout(LN(E_ID)). In every
block each of them, and R^k, has queries and keys of its own; F fuses the score maps of all, values come from
R^k alone (see fusion.py). Linear predictors of the target's attributes are trained beside the next item.
The attributes here are the modalities. Labels through one linear map are the sum of their embeddings, which
is the pooling of the authors' code; image and text are frozen features through such a map, as in MAF.

Two differences from the authors' code (github.com/AIM-SE/DIF-SR), beside the masking in fusion.py: the maps
of attributes have no bias, and the gate leaves out the attributes that the query's item lacks. So a missing
attribute contributes nothing.

Shape letters: T tokens, M targets, D model width.
"""

from __future__ import annotations

from torch import Tensor, nn

from bench.models.base import ModelContext, init_bert
from bench.models.batch import Batch
from bench.models.blocks import LAYER_NORM_EPS
from bench.models.contents import DenseContents
from bench.models.dropout import Dropout
from bench.models.fusion import FusedEncoder, Source, SourceMaps
from bench.models.tasks import AuxiliaryTask, MultitaskModel
from bench.suite.settings import DIFSRSettings


class DIFSR(MultitaskModel):
    """Causal attention with decoupled scores: of items, of positions and of each attribute."""

    Settings = DIFSRSettings

    def __init__(self, settings: DIFSRSettings, context: ModelContext) -> None:
        super().__init__()
        width = settings.hidden_size
        maps = {"position": SourceMaps(width, bias=True)}
        maps |= {name: SourceMaps(settings.attribute_size, bias=False) for name in context.features}
        self.task_weight = settings.task_weight
        self.items = nn.Embedding(context.n_items + 1, width)
        self.positions = nn.Embedding(context.max_length, width)
        self.norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.dropout = Dropout(settings.hidden_dropout)
        self.encoder = FusedEncoder(settings, context.max_length, maps)
        self.contents = DenseContents(context.features, settings.attribute_size)
        self.tasks = nn.ModuleList(
            AuxiliaryTask(self.contents.table(modality), width, settings.reduction)
            for modality in context.features
            if settings.multitask
        )
        self.apply(init_bert)

    def encode(self, batch: Batch) -> Tensor:
        x_TD = self.dropout(self.norm(self.items(batch.items)))
        state_MD: Tensor = self.encoder(x_TD, self._sources(batch), batch)
        return state_MD

    def _sources(self, batch: Batch) -> dict[str, Source]:
        """Positions, and each attribute once per distinct item."""
        sources = {"position": Source(self.positions.weight, batch.positions)}
        if self.contents.projections:
            items, places_T = batch.distinct
            present = self.contents.present(items).unbind(1)
            for name, rows, here in zip(
                self.contents.projections, self.contents(items), present, strict=True
            ):
                sources[name] = Source(rows, places_T, here)
        return sources

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None
