"""What a feature encoder offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress


@dataclass(frozen=True)
class Encoded:
    """What an encoder made of a catalogue.

    Attributes:
        values: [n_items, d_j] float32, row k for item k + 1; rows of missing items are zero.
        present: [n_items] bool; False where the item lacks this content or it could not be read.
        columns: names of the columns, where they have names (category labels).
        problems: why content that is there could not be used, by item number (1..n).
        notes: what was done to content that was used, by item number (1..n).
    """

    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]
    columns: tuple[str, ...] = ()
    problems: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)


class FeatureEncoder(ABC):
    """Turns one modality of a catalogue into numbers; made with the settings class of its registry entry.

    Class attributes:
        labels: True where columns are 0/1 labels, False where they are dense.
    """

    labels: ClassVar[bool] = False

    @abstractmethod
    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """Encode every item; the same catalogue gives the same bits.

        Raises:
            DataError: no item has this content.
        """
