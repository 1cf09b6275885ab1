"""Options of encoders and models, of training and evaluation (of datasets: `dataset_settings`), by pydantic.

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

from bench.registry import Control, Modality


class Settings(BaseModel):
    """Base of every settings class: unknown keys are errors, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


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


class LearnedEncoderSettings(DenseEncoderSettings):
    """``dimensions``: the features reduced to at most so many by principal components, before they are
    standardised (none: they stay as they are)."""

    dimensions: int | None = Field(None, ge=1, le=65_536)


class TorchvisionSettings(LearnedEncoderSettings):
    """A classifier of torchvision by name; ``weights`` as torchvision names them, a file, or ``random``."""

    model: str = "vgg16"
    weights: str = "IMAGENET1K_V1"


class HubSettings(LearnedEncoderSettings):
    """A ``model`` of the Hugging Face hub, at a ``revision``, or in a folder of that layout.

    ``weights``: those that are published with it, a folder with a copy of all its files, or ``random``.
    """

    model: str
    revision: str = "main"
    weights: str = "published"


class HuggingFaceSettings(HubSettings):
    """Title and description, cut to ``max_length`` tokens, as the last layer's first token (``cls``), its
    mean over all tokens (``mean``), or the model's own summary (``pooler``)."""

    model: str = "bert-base-uncased"
    pooling: Literal["cls", "mean", "pooler"] = "cls"
    max_length: int = Field(512, ge=2)


class ClipSettings(HubSettings):
    """A model with a tower for pictures and one for texts."""

    model: str = "openai/clip-vit-base-patch32"


class ClipTextSettings(ClipSettings):
    """Title and description, cut to ``max_length`` tokens."""

    max_length: int = Field(77, ge=2)


class LabelSettings(Settings):
    """Labels that fewer than ``minimum`` items carry are left out.

    ``levels``: only those that stand at one of these levels of an item's paths, from the top (1) or,
    negative, from the end (-1); none: all labels.
    """

    minimum: int = Field(1, ge=1)
    levels: tuple[int, ...] | None = Field(None, min_length=1)

    @field_validator("levels")
    @classmethod
    def _levels_count_from_one(cls, levels: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if levels is not None and 0 in levels:
            raise ValueError("levels count from the top (1) or from the end (-1); there is no level 0")
        return levels


class MultiHotSettings(LabelSettings):
    """A column per label."""


class LabelMeanSettings(LabelSettings):
    """A column per label, an item's labels sharing a sum of 1."""


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
    """Which item contents a model reads: ``available`` means every one the dataset has.

    ``controls``: what stands in place of a modality's features (`bench.features.controls`)."""

    modalities: Literal["available"] | tuple[Modality, ...] = "available"
    controls: dict[Modality, Control] = Field({})

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        if self.modalities != "available" and len(set(self.modalities)) < len(self.modalities):
            raise ValueError(f"modalities {list(self.modalities)} names one twice")
        return self

    @model_validator(mode="after")
    def _controls_are_read(self) -> Self:
        unread = [m for m in self.controls if self.modalities != "available" and m not in self.modalities]
        if unread:
            raise ValueError(f"controls replace {', '.join(unread)}, which the model does not read")
        return self

    @model_serializer(mode="wrap")
    def _without_empty_controls(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Runs from before there were controls are the same runs.
        values: dict[str, Any] = handler(self)
        return values if self.controls else {key: value for key, value in values.items() if key != "controls"}


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
    options: dict[str, str | int | float | bool | list[int]] = Field(default_factory=dict)
