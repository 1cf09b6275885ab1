"""The models of the paper as bench and RecBole are asked for them: the same sizes under both's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from bench.data.prepared import TrainingData
from bench.features.store import features_hash
from bench.features.table import ItemFeatures
from bench.models.base import ModelContext, SequentialModel
from bench.models.building import build
from bench.recbole.job import CATEGORIES
from bench.registry import MODELS, Modality
from bench.suite.settings import EvaluationSettings, TrainingSettings
from bench.training.loop import Job, adam, epoch_batches, train_epoch, validation_ranks
from benchmarks.shapes import LABELS, ML100K, VIDEO_GAMES, WOMEN, Data, generated, label_lists

SCHEMES = ("windows", "prefixes")
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Case:
    """A model as both sides have it.

    Attributes:
        model: its name, the same in bench and in RecBole.
        settings: bench's; dropout is both sides' default, which is the same.
        options: the settings by RecBole's names.
        data: what to train on.
        max_length: longest history.
        batch_size: targets per step.
    """

    model: str
    settings: Mapping[str, Any]
    options: Mapping[str, Any]
    data: Data = field(default_factory=lambda: generated(VIDEO_GAMES))
    max_length: int = 50
    batch_size: int = 2048

    @property
    def with_labels(self) -> bool:
        """Whether the model reads item categories."""
        return MODELS[self.model].multimodal

    def stock_options(self) -> dict[str, Any]:
        """All that RecBole is told of model and training."""
        fields = {"selected_features": [CATEGORIES], "pooling_mode": "sum"} if self.with_labels else {}
        return {
            **self.options,
            **fields,
            "MAX_ITEM_LIST_LENGTH": self.max_length,
            "train_batch_size": self.batch_size,
            "learning_rate": LEARNING_RATE,
        }

    def schemes(self) -> tuple[str, ...]:
        """The schemes in which bench trains the model; only causal ones have a choice."""
        if self.model == "BERT4Rec":
            return ("masked",)
        return ("prefixes",) if self.model == "Caser" else SCHEMES


def attention(model: str, width: int, layers: int, heads: int, inner: int, **data: Any) -> Case:
    """An attention model of the given sizes."""
    return Case(
        model=model,
        settings={"hidden_size": width, "layers": layers, "heads": heads, "inner_size": inner},
        options={"hidden_size": width, "n_layers": layers, "n_heads": heads, "inner_size": inner},
        **data,
    )


def gru4rec(width: int, **data: Any) -> Case:
    """GRU4Rec whose embeddings and states have the same width."""
    sizes = {"embedding_size": width, "hidden_size": width}
    return Case("GRU4Rec", sizes, sizes, **data)


def caser(width: int, **data: Any) -> Case:
    """Caser with RecBole's numbers of filters."""
    sizes = {"embedding_size": width}
    return Case("Caser", sizes, sizes, **data)


ATTENTION_MODELS = ("SASRec", "SASRecF", "FDSA", "BERT4Rec")

# The paper's sizes: d = 256, 4 layers, 8 heads.
PAPER = (
    *(attention(name, width=256, layers=4, heads=8, inner=256) for name in ATTENTION_MODELS),
    gru4rec(256),
    caser(256),
)
# On a GPU also the paper's largest data.
GPU = (*PAPER, attention("SASRec", width=256, layers=4, heads=8, inner=256, data=generated(WOMEN)))
# RecBole's defaults on real data with long histories.
DEFAULTS = (Case("SASRec", {}, {}, data=ML100K), Case("GRU4Rec", {}, {}, data=ML100K))


class Native:
    """bench's side of a case: one model under one scheme.

    Attributes:
        data: what it is trained on.
        targets: that an epoch trains; masked models draw more of them than there are items.
        tokens: that an epoch encodes.
        model: the model.
    """

    def __init__(
        self,
        case: Case,
        data: TrainingData,
        scheme: str,
        *,
        model: str | None = None,
        settings: Mapping[str, Any] | None = None,
        features: Sequence[ItemFeatures] = (),
        device: str = "cpu",
        bf16: bool = False,
    ) -> None:
        torch.manual_seed(0)
        if case.with_labels and not features:
            features = (label_features(data.n_items),)
        context = ModelContext(data.n_items, data.n_users, case.max_length, {f.modality: f for f in features})
        built = build(model or case.model, settings or case.settings, context)
        assert isinstance(built, SequentialModel)
        self.data, self.model, self._epoch = data, built.to(device), 0
        self.model.bf16 = bf16
        training = TrainingSettings(
            learning_rate=LEARNING_RATE,
            batch_size=case.batch_size,
            max_length=case.max_length,
            scheme="prefixes" if scheme == "prefixes" else "windows",
            stride=max(1, case.max_length // 2),  # a suite's default
        )
        self._job = Job(data, training, EvaluationSettings(), seed=0, device=device)
        self._batches = epoch_batches(self.model, self._job)
        self._optimiser = adam(self.model, training)
        sizes = [(len(batch.targets), len(batch.items)) for batch in self._batches(np.random.default_rng(0))]
        self.targets = sum(targets for targets, _ in sizes)
        self.tokens = sum(tokens for _, tokens in sizes)

    def epoch(self) -> None:
        """Train one epoch."""
        self._epoch += 1
        train_epoch(self.model, self._optimiser, self._batches, self._job.seed, self._epoch, self._job.device)

    def rank(self) -> None:
        """Rank the validation targets in the whole catalogue."""
        validation_ranks(self.model, self._job)


def label_features(n_items: int) -> ItemFeatures:
    """`label_lists` as 0/1 columns."""
    values = np.zeros((n_items + 1, LABELS), dtype=np.float32)
    for item, labels in enumerate(label_lists(n_items), start=1):
        values[item, [int(label[1:]) for label in labels]] = 1
    return table("category", values)


def dense_features(modality: Modality, n_items: int, width: int) -> ItemFeatures:
    """Random features of unit variance."""
    values = np.random.default_rng(width).standard_normal((n_items + 1, width), dtype=np.float32)
    values[0] = 0
    return table(modality, values)


def table(modality: Modality, values: np.ndarray) -> ItemFeatures:
    """Features of every item but the padding one."""
    present = np.arange(len(values)) > 0
    return ItemFeatures(
        modality=modality,
        encoder="generated",
        values=values,
        present=present,
        content_hash=features_hash(values, present),
        labels=modality == "category",
    )
