"""Options of datasets, encoders and models, and of training and evaluation, as pydantic classes.

They stand apart from the code that uses them so that a suite is checked without importing torch.
Defaults of the models are RecBole 1.2.1's, because the paper keeps them.
"""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from bench.registry import Modality
from bench.suite.paths import check_inside
from bench.suite.steps import Step


class Settings(BaseModel):
    """Base of every settings class: unknown keys are errors, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


# --- datasets -----------------------------------------------------------------------------------


class DatasetSettings(Settings):
    """Options of a dataset."""

    @property
    def files(self) -> tuple[str, ...]:
        """Files in the data folder that the dataset is read from; an edited one is prepared again."""
        return ()


class CutSettings(DatasetSettings):
    """A part of a dataset, taken before it is split.

    First ``steps``, each on what the one before it left; then a cut: the first ``users`` in the order in
    which the file names them, and of each the ``last`` interactions; None is all.
    """

    steps: tuple[Step, ...] = ()
    users: int | None = Field(None, ge=1)
    last: int | None = Field(None, ge=3)  # fewer cannot be split

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without cuts that are not asked for: whole datasets keep the names that their results have."""
        values: dict[str, Any] = handler(self)
        return {
            k: v for k, v in values.items() if v not in (None, [], ()) or k not in CutSettings.model_fields
        }


class MovieLens100KSettings(CutSettings):
    """MovieLens-100K can be cut."""


class MovieLensSettings(CutSettings):
    """One of MovieLens's archives but that of 100K."""

    archive: str

    @field_validator("archive")
    @classmethod
    def _inside(cls, name: str) -> str:
        return check_inside(name)

    @property
    def files(self) -> tuple[str, ...]:
        return (self.archive,)


class SequencesSettings(CutSettings):
    """A text file with a line for each user, and if wanted a JSON file with the items' categories.

    Both paths are relative to $BENCH_DATA.
    """

    path: str
    attributes: str | None = None

    @field_validator("path", "attributes")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        return None if name is None else check_inside(name)

    @property
    def files(self) -> tuple[str, ...]:
        return (self.path,) if self.attributes is None else (self.path, self.attributes)


class AmazonSettings(CutSettings):
    """Reviews and product metadata of Amazon as UCSD published them in the year ``layout``."""

    reviews: str
    metadata: str
    layout: Literal["2014", "2018", "2023"] = "2018"

    @field_validator("reviews", "metadata")
    @classmethod
    def _inside(cls, name: str) -> str:
        return check_inside(name)

    @field_validator("layout", mode="before")
    @classmethod
    def _year(cls, year: object) -> object:
        return str(year) if isinstance(year, int) else year  # YAML reads 2018 as a number

    @property
    def files(self) -> tuple[str, ...]:
        return (self.reviews, self.metadata)


class TablesSettings(CutSettings):
    """Tables of the user's own: which file and which column is what; None is not there.

    ``unit`` is that of numbers in ``timestamp`` (since 1970), or ``date`` for dates as text. ``separator``
    stands between categories.
    """

    interactions: str
    items: str | None = None
    user: str = "user_id"
    item: str = "item_id"
    timestamp: str | None = "timestamp"
    unit: Literal["s", "ms", "us", "ns", "date"] = "s"
    id: str | None = "item_id"
    title: str | None = None
    text: str | None = None
    categories: str | None = None
    image: str | None = None
    separator: str = Field("|", min_length=1)

    @field_validator("interactions", "items")
    @classmethod
    def _inside(cls, name: str | None) -> str | None:
        return None if name is None else check_inside(name)

    @model_validator(mode="after")
    def _items_have_ids(self) -> Self:
        if self.items is not None and self.id is None:
            raise ValueError("items needs id, the column with the identifiers of the interactions' items")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        return (self.interactions,) if self.items is None else (self.interactions, self.items)


class ToyshopSettings(DatasetSettings):
    """The generated shop; ``image``, ``text`` and ``category`` weigh how often each carries the signal."""

    mechanism: Literal["attention", "content"] = "attention"
    users: int = Field(1000, ge=1, le=200_000)
    items: int = Field(300, ge=20, le=100_000)
    image: float = Field(0.0, ge=0)
    text: float = Field(0.0, ge=0)
    category: float = Field(0.0, ge=0)
    seed: int = Field(0, ge=0)


# --- encoders -----------------------------------------------------------------------------------


class DenseEncoderSettings(Settings):
    """``standardisation`` of dense features: as the encoder gives them, rows of unit length, or columns of
    mean 0 and deviation 1 over the items that have the content."""

    standardisation: Literal["none", "l2", "zscore"] = "none"


class ColourEdgeSettings(DenseEncoderSettings):
    """Histograms over a ``grid`` x ``grid`` division of the picture."""

    standardisation: Literal["none", "l2", "zscore"] = "zscore"

    grid: int = Field(2, ge=1, le=8)


class TfidfSvdSettings(DenseEncoderSettings):
    """TF-IDF of title and description, reduced to at most ``size`` dimensions."""

    standardisation: Literal["none", "l2", "zscore"] = "zscore"

    size: int = Field(64, ge=1, le=4096)


class MultiHotSettings(Settings):
    """Labels that fewer than ``minimum`` items carry are left out."""

    minimum: int = Field(1, ge=1)


class LabelMeanSettings(Settings):
    """Labels that fewer than ``minimum`` items carry are left out."""

    minimum: int = Field(1, ge=1)


# --- models -------------------------------------------------------------------------------------


class AttentionSettings(Settings):
    """A stack of transformer blocks as in RecBole 1.2.1."""

    hidden_size: int = Field(64, ge=1)
    layers: int = Field(2, ge=1)
    heads: int = Field(2, ge=1)
    inner_size: int = Field(256, ge=1)
    hidden_dropout: float = Field(0.5, ge=0, lt=1)
    attention_dropout: float = Field(0.5, ge=0, lt=1)

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of heads {self.heads}")
        return self


class SASRecSettings(AttentionSettings):
    """Kang and McAuley 2018, with RecBole's post-LN blocks."""


class MultimodalSettings(Settings):
    """Which item contents a model reads: ``available`` means every one the dataset has."""

    modalities: Literal["available"] | tuple[Modality, ...] = "available"

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        if self.modalities != "available" and len(set(self.modalities)) < len(self.modalities):
            raise ValueError(f"modalities {list(self.modalities)} names one twice")
        return self


class FusionSettings(AttentionSettings, MultimodalSettings):
    """Attention scores fused from several sources, and auxiliary tasks with the weight ``lambda``."""

    fusion: Literal["sum", "concat", "gate"] = "sum"
    multitask: bool = True
    task_weight: float = Field(10.0, ge=0, alias="lambda")
    score_scale: Literal["sqrt_d", "sqrt_head"] = "sqrt_d"
    reduction: Literal["mean", "sum"] = "mean"

    def _require_width_that_fits(self, name: str, width: int, reason: str) -> None:
        if width > self.hidden_size:
            raise ValueError(f"{name} {width} exceeds hidden_size {self.hidden_size} ({reason})")
        if width % self.heads:
            raise ValueError(f"{name} {width} is not a multiple of heads {self.heads}")


class MAFSettings(FusionSettings):
    """MAF (arXiv 2405.17959): ``multimodal_size`` is the paper's d', ``lambda`` its task weight."""

    multimodal_size: int = Field(64, ge=1)

    @model_validator(mode="after")
    def _multimodal_size_fits(self) -> Self:
        self._require_width_that_fits("multimodal_size", self.multimodal_size, "the paper requires d' <= d")
        return self


class DIFSRSettings(FusionSettings):
    """DIF-SR (Xie et al. 2022); its own settings default to the authors' published configurations."""

    fusion: Literal["sum", "concat", "gate"] = "gate"
    score_scale: Literal["sqrt_d", "sqrt_head"] = "sqrt_head"
    attribute_size: int = Field(64, ge=1)

    @model_validator(mode="after")
    def _attribute_size_fits(self) -> Self:
        self._require_width_that_fits(
            "attribute_size", self.attribute_size, "attributes are no wider than items"
        )
        return self


class SASRecFSettings(AttentionSettings, MultimodalSettings):
    """RecBole's SASRecF with dense item contents."""


class FDSASettings(AttentionSettings, MultimodalSettings):
    """Zhang et al. 2019."""


class BERT4RecSettings(AttentionSettings):
    """Sun et al. 2019: ``mask_ratio`` is the share of items masked in a training row."""

    hidden_dropout: float = Field(0.2, ge=0, lt=1)
    attention_dropout: float = Field(0.2, ge=0, lt=1)
    mask_ratio: float = Field(0.2, gt=0, lt=1)


class GRU4RecSettings(Settings):
    """Hidasi et al. 2016, with RecBole's sizes."""

    embedding_size: int = Field(64, ge=1)
    hidden_size: int = Field(128, ge=1)
    layers: int = Field(1, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)


class CaserSettings(Settings):
    """Tang and Wang 2018, with RecBole's sizes."""

    embedding_size: int = Field(64, ge=1)
    horizontal_filters: int = Field(8, ge=1)
    vertical_filters: int = Field(4, ge=1)
    dropout: float = Field(0.4, ge=0, lt=1)
    regularisation: float = Field(1e-4, ge=0)


class PopularitySettings(Settings):
    """No options."""


class LastItemSettings(Settings):
    """No options."""


class MarkovSettings(Settings):
    """No options."""


class ContentKNNSettings(MultimodalSettings):
    """Cosine similarity, averaged over the chosen modalities."""


# --- training and evaluation --------------------------------------------------------------------


class TrainingSettings(Settings):
    """How every model of a suite is trained; ``batch_size`` counts prediction targets."""

    epochs: int = Field(200, ge=1)
    learning_rate: float = Field(1e-3, gt=0)
    batch_size: int = Field(2048, ge=1)
    patience: int = Field(10, ge=1)
    monitor: str = "NDCG@10"
    validate_every: int = Field(1, ge=1)
    scheme: Literal["prefixes", "windows"] = "windows"
    max_length: int = Field(50, ge=1)
    stride: int | None = Field(None, ge=1)
    weight_decay: float = Field(0.0, ge=0)
    precision: Literal["float32", "float64", "bf16"] = "float32"
    threads: int = Field(1, ge=1)
    device: str = "auto"

    @field_validator("device")
    @classmethod
    def _device_is_known(cls, name: str) -> str:
        if not re.fullmatch(r"auto|cpu|cuda(:[0-9]+)?", name):
            raise ValueError(f"{name!r} is none of auto, cpu, cuda and cuda:N (cuda is an NVIDIA GPU)")
        return name

    @model_validator(mode="after")
    def _stride_fits(self) -> Self:
        if self.stride is not None and self.stride > self.max_length:
            raise ValueError(
                f"stride {self.stride} exceeds max_length {self.max_length}: targets would be skipped"
            )
        return self


class EvaluationSettings(Settings):
    """How the place of the target is counted."""

    ties: Literal["expected", "optimistic", "pessimistic"] = "expected"
    mask_history: bool = False
    batch_size: int = Field(256, ge=1)


class EncoderSettings(Settings):
    """An encoder by name with its options, which its own class checks."""

    name: str
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
