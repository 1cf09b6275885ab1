"""Controls: what they keep of the features, and what they take away."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.features.controls import controlled, derangement, under_controls
from bench.features.noise import law_of
from bench.features.table import ItemFeatures
from bench.registry import CONTROLS, Control

N = 4000


def features(labels: bool = False, n: int = N, width: int = 3, missing: int = 5) -> ItemFeatures:
    """Correlated columns, or labels that come in pairs; every ``missing``-th item has none."""
    rng = np.random.default_rng(0)
    present = np.arange(n + 1) % missing != 0
    if labels:
        values = np.repeat(rng.random((n + 1, width)) < 0.3, 2, axis=1).astype(np.float32)
    else:
        mix = rng.standard_normal((width, width))
        values = (rng.standard_normal((n + 1, width)) @ mix + np.arange(width)).astype(np.float32)
    values[~present] = 0
    return ItemFeatures("image", "made up", values, present, "0" * 64, labels)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("labels", [False, True])
def test_what_every_control_keeps(control: Control, labels: bool) -> None:
    real = features(labels)
    made = controlled(real, control, seed=1)
    assert made.values.shape == real.values.shape and made.values.dtype == np.float32
    assert np.array_equal(made.present, real.present)
    assert not made.values[~made.present].any()
    assert (made.noise is not None) == (control == "noise")
    assert set(np.unique(made.values)) <= {0, 1} or not labels
    again, other = controlled(real, control, seed=1), controlled(real, control, seed=2)
    assert np.array_equal(made.values, again.values)
    assert np.array_equal(made.values, other.values) == (control == "zero")


def test_shuffled_features_are_the_same_rows_elsewhere() -> None:
    real = features()
    made = controlled(real, "shuffle", seed=3)
    used, moved = real.values[real.present], made.values[made.present]
    assert np.array_equal(np.sort(used, axis=0), np.sort(moved, axis=0))
    assert sorted(map(tuple, used)) == sorted(map(tuple, moved))
    assert not (used == moved).all(axis=1).any()


def test_each_modality_is_permuted_by_itself() -> None:
    image = features()
    text = ItemFeatures("text", image.encoder, image.values, image.present, image.content_hash, False)
    made = under_controls({"image": image, "text": text}, {"image": "shuffle", "text": "shuffle"}, seed=1)
    assert not np.array_equal(made["image"].values, made["text"].values)
    assert under_controls({"image": image, "text": text}, {"text": "zero"}, seed=1)["image"] is image


@pytest.mark.parametrize("control", ["noise", "random-id"])
def test_random_vectors_have_mean_and_covariance_of_the_features(control: Control) -> None:
    real = features()
    used = real.values[real.present].astype(np.float64)
    made = controlled(real, control, seed=1).values[real.present].astype(np.float64)
    # Five standard errors of a mean, and of a covariance of normal variables: sqrt((s_ii s_jj + s_ij^2) / n).
    spread = np.cov(used.T)
    n = len(used)
    assert np.abs(made.mean(0) - used.mean(0)).max() < 5 * np.sqrt(np.diag(spread) / n).max()
    error = np.sqrt((np.outer(np.diag(spread), np.diag(spread)) + spread**2) / n)
    assert (np.abs(np.cov(made.T) - spread) < 5 * error).all()


@pytest.mark.parametrize("shape", [(50, 3), (4, 30), (1, 2)])
def test_the_root_of_the_covariance(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    law = law_of(rows, labels=False, seed=1)
    expected = np.cov(rows.T, ddof=1) if len(rows) > 1 else np.zeros((2, 2))
    assert np.allclose(law.factor.T @ law.factor, expected, atol=1e-5)  # type: ignore[union-attr]


def test_noise_of_labels_is_rows_of_labels() -> None:
    """Labels that come in pairs still do; as random ids each stands by itself."""
    real = features(labels=True)
    noise = controlled(real, "noise", seed=1).values
    alone = controlled(real, "random-id", seed=1).values
    assert np.array_equal(noise[:, 0::2], noise[:, 1::2])
    assert not np.array_equal(alone[:, 0::2], alone[:, 1::2])
    assert np.abs(alone[real.present].mean(0) - real.values[real.present].mean(0)).max() < 0.05


@given(st.integers(0, 40), st.integers(0, 1000))
def test_a_derangement_moves_everything(n: int, seed: int) -> None:
    order = derangement(n, np.random.default_rng(seed))
    assert sorted(order) == list(range(n))
    assert n == 1 or not (order == np.arange(n)).any()


def test_derangements_are_equally_probable() -> None:
    rng = np.random.default_rng(5)
    seen = [tuple(derangement(4, rng)) for _ in range(9000)]
    every = [p for p in permutations(range(4)) if all(a != b for a, b in enumerate(p))]
    counts = [seen.count(p) for p in every]
    assert sum(counts) == 9000 and len(every) == 9
    assert sum((c - 1000) ** 2 / 1000 for c in counts) < 26.1  # chi squared, 8 degrees, 0.001
