"""The feature matrix of one modality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.features.noise import Law
from bench.registry import Modality


@dataclass(frozen=True)
class ItemFeatures:
    """Features of every item in one modality, frozen but for the control ``noise``.

    Attributes:
        modality: image, text or category.
        encoder: the encoder's name with its options, as shown in results.
        values: [n_items + 1, d_j] float32; rows of missing items and row 0 (padding) are zero.
        present: [n_items + 1] bool; False for row 0 and for items without this content.
        content_hash: of values and presence.
        labels: True for multi-label 0/1 columns, False for dense features.
        noise: what the values are to be drawn from anew in every training step; None: they are frozen.
    """

    modality: Modality
    encoder: str
    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]
    content_hash: str
    labels: bool
    noise: Law | None = None

    @property
    def width(self) -> int:
        """d_j, the number of columns."""
        return int(self.values.shape[1])
