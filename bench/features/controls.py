"""Controls that tell a signal from capacity: item features without what they say of the items.

A model that reads a modality has more weights and inputs than one that does not. Where it is as good with the
features of other items, or with random numbers of the same size, their content is not what helps.

Every control keeps which items have the modality, and tasks that predict a target's features get the replaced
ones. Each seed of a run draws its own, so that the spread over seeds contains the draw.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bench.features.noise import law_of
from bench.features.table import ItemFeatures
from bench.registry import Control, Modality


def under_controls(
    features: Mapping[Modality, ItemFeatures], controls: Mapping[Modality, Control], seed: int
) -> dict[Modality, ItemFeatures]:
    """The features of a run, those of modalities under a control replaced."""
    return {
        modality: controlled(table, controls[modality], seed) if modality in controls else table
        for modality, table in features.items()
    }


def controlled(features: ItemFeatures, control: Control, seed: int) -> ItemFeatures:
    """Features of the same shape, for the same items.

    Args:
        features: of every item.
        control: ``shuffle``: permuted, each item has another one's. ``zero``: zeros. ``random-id``: a random
            vector for each item, drawn once: Gaussian with the features' mean and covariance; labels each by
            itself, as often as it occurs. ``noise``: the same Gaussian drawn anew in every training step, and
            once for evaluation; rows of labels are those of items drawn at random, whose mean and covariance
            are the same. The result carries the law, for the model to draw from.
        seed: of the run.
    """
    rng = np.random.default_rng([seed, zlib.crc32(f"{control} {features.modality}".encode())])
    used = features.values[features.present]
    if control == "shuffle":
        return _with(features, used[derangement(len(used), rng)])
    if control == "zero":
        return _with(features, np.zeros_like(used))
    if control == "random-id" and features.labels:
        return _with(features, rng.random(used.shape) < used.mean(axis=0, dtype=np.float64))
    law = law_of(used, features.labels, int(rng.integers(2**31)))
    drawn = _with(features, law.draw(len(used), rng))
    return replace(drawn, noise=law) if control == "noise" else drawn


def derangement(n: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """A permutation that leaves nothing in its place, all of them equally probable (n < 2: it must)."""
    while True:
        order = rng.permutation(n)
        if n < 2 or not (order == np.arange(n)).any():  # one in e permutations, whatever n
            return order


def _with(features: ItemFeatures, rows: npt.NDArray[np.generic]) -> ItemFeatures:
    values = np.zeros_like(features.values)
    values[features.present] = rows
    return replace(features, values=values)
