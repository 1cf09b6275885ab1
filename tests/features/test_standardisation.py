"""Scaling of features against hand-worked values and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler, normalize

from bench.features.standardisation import standardise

RNG = np.random.default_rng(0)
VALUES = RNG.normal(3, 2, size=(20, 5)).astype(np.float32)
PRESENT = np.arange(20) % 4 != 0


@pytest.mark.parametrize(
    ("mode", "reference"), [("zscore", StandardScaler().fit_transform), ("l2", normalize)]
)
def test_scaling_of_the_present_rows(mode: str, reference: object) -> None:
    values = np.where(PRESENT[:, None], VALUES, 0)
    scaled = standardise(values, PRESENT, mode)
    assert callable(reference)
    np.testing.assert_allclose(scaled[PRESENT], reference(values[PRESENT].astype(float)), atol=1e-5)
    assert not scaled[~PRESENT].any()
    assert scaled.dtype == np.float32


def test_none_leaves_everything() -> None:
    assert np.array_equal(standardise(VALUES, PRESENT, "none"), VALUES)


def test_constant_columns_and_zero_rows_stay_finite() -> None:
    values = np.full((4, 2), 1e-3, dtype=np.float32)
    everything = np.ones(4, dtype=bool)
    assert not standardise(values, everything, "zscore").any()
    assert not standardise(np.zeros((4, 2), dtype=np.float32), everything, "l2").any()


def test_unknown_mode() -> None:
    with pytest.raises(ValueError, match="whitening"):
        standardise(VALUES, PRESENT, "whitening")
