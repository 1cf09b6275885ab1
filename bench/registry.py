"""Names of everything a suite can mention, bound to code by dotted path.

Nothing here imports a model or a dataset, so that a suite can be checked in milliseconds and without
torch. ``version`` is the entry's RESULT_VERSION: raise it when the numbers an entry produces change in
meaning; the golden test fails when they change without it, and the fingerprint of every run contains it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

Modality = Literal["image", "text", "category"]
MODALITIES: tuple[Modality, ...] = ("image", "text", "category")

# What may stand in place of a modality's features (`bench.features.controls`).
Control = Literal["shuffle", "noise", "zero", "random-id"]
CONTROLS: tuple[Control, ...] = ("shuffle", "noise", "zero", "random-id")

METRICS: tuple[str, ...] = ("Recall", "NDCG", "MRR", "HitRate")

# RESULT_VERSION of what every run passes through.
RESULT_VERSIONS = {"data": 1, "training": 1, "evaluation": 1}

# RESULT_VERSION of the RecBole backend, in the fingerprint of every ``recbole/...`` model.
RECBOLE_VERSION = 1


# Training settings that reach a counting model: how long a history it is shown, and the type of its scores.
COUNTED: tuple[str, ...] = ("max_length", "precision")


@dataclass(frozen=True)
class Entry:
    """A name bound to a class: ``path`` is ``module:Class``, ``settings`` the class of its options."""

    path: str
    settings: str
    about: str
    version: int = 1


@dataclass(frozen=True)
class ModelEntry(Entry):
    """A model: ``attention`` ones take ``defaults: attention:``, ``multimodal`` ones read item features.

    ``counting`` ones are not trained, so that of the training settings only `COUNTED` can move their ranks.
    """

    attention: bool = False
    multimodal: bool = False
    counting: bool = False
    paper: str = ""


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """A dataset: ``modalities`` says which item contents it has."""

    modalities: tuple[Modality, ...] = ()


@dataclass(frozen=True)
class EncoderEntry(Entry):
    """A feature encoder for one modality; ``learned`` ones have weights."""

    modality: Modality = "text"
    learned: bool = False


def _model(file: str, name: str, about: str, paper: str, **flags: Any) -> ModelEntry:
    return ModelEntry(
        path=f"bench.models.{file}:{name}",
        settings=f"bench.suite.settings:{name}Settings",
        about=about,
        paper=paper,
        **flags,
    )


MODELS: dict[str, ModelEntry] = {
    "MAF": _model(
        "maf",
        "MAF",
        "attention over item ids fused with attention over image, text and category",
        "Oh, Jo, Kim 2024, arXiv 2405.17959",
        attention=True,
        version=2,
        multimodal=True,
    ),
    "GRU4Rec": _model("gru4rec", "GRU4Rec", "gated recurrent unit", "Hidasi et al. 2016"),
    "Caser": _model("caser", "Caser", "horizontal and vertical convolutions", "Tang and Wang 2018"),
    "SASRec": _model(
        "sasrec", "SASRec", "causal self-attention", "Kang and McAuley 2018", attention=True, version=2
    ),
    "BERT4Rec": _model(
        "bert4rec",
        "BERT4Rec",
        "bidirectional self-attention with masked items",
        "Sun et al. 2019",
        attention=True,
        version=2,
    ),
    "SASRecF": _model(
        "sasrecf",
        "SASRecF",
        "SASRec with item contents joined to the item embedding",
        "RecBole, Zhao et al. 2021",
        attention=True,
        version=2,
        multimodal=True,
    ),
    "FDSA": _model(
        "fdsa",
        "FDSA",
        "self-attention over items beside self-attention over item contents",
        "Zhang et al. 2019",
        attention=True,
        version=2,
        multimodal=True,
    ),
    "DIF-SR": _model(
        "difsr",
        "DIFSR",
        "attention with scores of items, positions and each item content apart",
        "Xie, Zhou and Kim 2022",
        attention=True,
        version=2,
        multimodal=True,
    ),
    "Popularity": _model(
        "popularity", "Popularity", "the most frequent items of the training part", "baseline", counting=True
    ),
    "LastItem": _model("lastitem", "LastItem", "the history itself, newest first", "baseline", counting=True),
    "Markov": _model(
        "markov", "Markov", "first-order transitions from the last item", "baseline", counting=True
    ),
    "ContentKNN": _model(
        "contentknn",
        "ContentKNN",
        "nearest items to the last one in the chosen modalities",
        "baseline",
        multimodal=True,
        counting=True,
        version=2,
    ),
}

DATASETS: dict[str, DatasetEntry] = {
    "amazon": DatasetEntry(
        path="bench.data.sources.amazon:Amazon",
        settings="bench.suite.dataset_settings:AmazonSettings",
        about="Amazon reviews with product metadata in one of UCSD's layouts; files of yours",
        version=2,
        modalities=("image", "text", "category"),
    ),
    "ml-100k": DatasetEntry(
        path="bench.data.sources.ml100k:MovieLens100K",
        settings="bench.suite.dataset_settings:MovieLens100KSettings",
        about="MovieLens-100K: 943 users, 1,682 films, titles, years and genres",
        modalities=("text", "category"),
    ),
    "movielens": DatasetEntry(
        path="bench.data.sources.movielens:MovieLens",
        settings="bench.suite.dataset_settings:MovieLensSettings",
        about="an archive of MovieLens in $BENCH_DATA (1M, 20M, 25M, 32M, latest-small, ...)",
        modalities=("text", "category"),
    ),
    "sequences": DatasetEntry(
        path="bench.data.sources.sequences:Sequences",
        settings="bench.suite.dataset_settings:SequencesSettings",
        about="a file of yours: a line for each user with the items in time order; categories as JSON",
        modalities=("category",),
    ),
    "tables": DatasetEntry(
        path="bench.data.sources.tables:Tables",
        settings="bench.suite.dataset_settings:TablesSettings",
        about="tables of yours: interactions, and items with contents (CSV, Parquet, JSON lines)",
        modalities=("image", "text", "category"),
    ),
    "toyshop": DatasetEntry(
        path="bench.data.sources.toyshop:Toyshop",
        settings="bench.suite.dataset_settings:ToyshopSettings",
        about="a generated shop in which the modality that carries the signal is known",
        modalities=("image", "text", "category"),
    ),
}

ENCODERS: dict[str, EncoderEntry] = {
    "colour-edge": EncoderEntry(
        path="bench.features.image:ColourEdge",
        settings="bench.suite.settings:ColourEdgeSettings",
        about="fixed colour and edge-orientation histograms on a grid",
        modality="image",
    ),
    "torchvision": EncoderEntry(
        path="bench.features.torchvision_images:TorchvisionImages",
        settings="bench.suite.settings:TorchvisionSettings",
        about="a classifier of torchvision without its last layer, e.g. torchvision/vgg16",
        modality="image",
        learned=True,
    ),
    "clip-image": EncoderEntry(
        path="bench.features.clip:ClipImages",
        settings="bench.suite.settings:ClipSettings",
        about="CLIP's tower for pictures, e.g. clip-image/openai/clip-vit-base-patch32",
        modality="image",
        learned=True,
    ),
    "tfidf-svd": EncoderEntry(
        path="bench.features.text:TfidfSvd",
        settings="bench.suite.settings:TfidfSvdSettings",
        about="TF-IDF reduced by truncated SVD",
        modality="text",
    ),
    "huggingface": EncoderEntry(
        path="bench.features.language:HuggingFaceTexts",
        settings="bench.suite.settings:HuggingFaceSettings",
        about="a language model of the Hugging Face hub, e.g. huggingface/bert-base-uncased",
        modality="text",
        learned=True,
    ),
    "clip-text": EncoderEntry(
        path="bench.features.clip:ClipTexts",
        settings="bench.suite.settings:ClipTextSettings",
        about="CLIP's tower for texts, e.g. clip-text/openai/clip-vit-base-patch32",
        modality="text",
        learned=True,
    ),
    "multi-hot": EncoderEntry(
        path="bench.features.category:MultiHot",
        settings="bench.suite.settings:MultiHotSettings",
        about="one column per category label",
        modality="category",
    ),
    "label-mean": EncoderEntry(
        path="bench.features.category:LabelMean",
        settings="bench.suite.settings:LabelMeanSettings",
        about="the mean of an item's category labels, as RecBole pools token sequences",
        modality="category",
    ),
}


def load(path: str) -> Any:
    """Import ``module:attribute`` and return the attribute.

    Raises:
        ImportError: the module or the attribute does not exist.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except AttributeError as error:
        raise ImportError(f"module {module!r} has no {attribute!r}") from error
