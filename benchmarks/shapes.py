"""Data to train on: generated interactions of a given shape, and MovieLens-100K."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.made_up import Shape, generate
from bench.data.preparation import prepare
from bench.data.prepared import TrainingData, load_training
from bench.data.sources.ml100k import MovieLens100K
from bench.suite.dataset_settings import MovieLens100KSettings

VIDEO_GAMES = Shape("VideoGames shape", 4_940, 11_002, 36_752)  # as WOMEN: table 1 of arXiv 2405.17959
WOMEN = Shape("Women shape", 105_558, 122_701, 810_245)
LARGE = Shape("large catalogue", 20_000, 120_000, 160_000)  # training parts of 6 items on average

LABELS = 200


def ml100k() -> TrainingData:
    """MovieLens-100K, from RecBole's copy of it."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = prepare(MovieLens100K(MovieLens100KSettings()), "ml-100k", {}, Path(folder) / "ml-100k")
        return load_training(dataset)


@dataclass(frozen=True)
class Data:
    """A name, and how to get what it stands for."""

    name: str
    load: Callable[[], TrainingData]


def generated(shape: Shape) -> Data:
    """`generate` of a shape."""
    return Data(shape.name, lambda: generate(shape))


ML100K = Data("ml-100k", ml100k)


def label_lists(n_items: int, labels: int = LABELS, each: int = 3, seed: int = 0) -> list[list[str]]:
    """Labels of every item, ``each`` different ones of ``labels``."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((n_items, labels)).argpartition(each, axis=1)[:, :each]
    return [[f"c{label}" for label in row] for row in drawn.tolist()]
