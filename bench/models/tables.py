"""Item features within a model.

Shape letters: V = n_items + 1 classes (0 is padding), d features, K items.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.features.noise import Gaussian
from bench.features.table import ItemFeatures
from bench.models.base import feature_buffers


class FeatureTable(nn.Module):
    """The features of one modality; frozen, and no part of the saved state.

    Features under the control ``noise`` are drawn anew by `redraw`, and in evaluation mode are always the
    same draw, so that ranks do not depend on when they are computed.

    Attributes:
        width: d.
        labels: whether the values are 0 or 1.
        noisy: whether `redraw` changes the values.
        values: [V, d].
        present: [V] bool; False for padding and items without the modality, whose values are zero.
        squares: [V], sums of squares of the values.
    """

    values: Tensor
    present: Tensor
    squares: Tensor

    def __init__(self, features: ItemFeatures) -> None:
        super().__init__()
        values, present = feature_buffers(features)
        self.width = features.width
        self.labels = features.labels
        self.noisy = features.noise is not None
        self._law = features.noise
        if self._law is not None:
            values = values.clone()  # it will be written into
            law = [self._law.mean, self._law.factor] if isinstance(self._law, Gaussian) else [self._law.rows]
            for place, array in enumerate(law):
                self.register_buffer(
                    f"law_{place}", torch.from_numpy(array).to(values.dtype), persistent=False
                )
        self.register_buffer("values", values, persistent=False)
        self.register_buffer("present", present, persistent=False)
        self.register_buffer("squares", values.square().sum(1), persistent=False)

    def redraw(self, generator: torch.Generator | None = None) -> None:
        """Draw random features anew; without effect on others.

        Args:
            generator: on the table's device; None: torch's own.
        """
        if self._law is None:
            return
        n, device = int(self.present.sum()), self.values.device
        first = self.get_buffer("law_0")
        if isinstance(self._law, Gaussian):
            factor = self.get_buffer("law_1")
            normal = torch.randn(n, len(factor), generator=generator, device=device, dtype=factor.dtype)
            rows = torch.addmm(first, normal, factor)
        else:
            rows = first[torch.randint(len(first), (n,), generator=generator, device=device)]
        self.values[self.present] = rows
        self.squares.copy_(self.values.square().sum(1))

    def train(self, mode: bool = True) -> FeatureTable:
        """As every module; features that are noise become those of evaluation in evaluation mode."""
        if not mode and self._law is not None:
            self.redraw(torch.Generator(self.values.device).manual_seed(self._law.seed))
        return super().train(mode)


def noisy_tables(model: nn.Module) -> list[FeatureTable]:
    """The tables of a model whose features are drawn anew in every training step."""
    return [part for part in model.modules() if isinstance(part, FeatureTable) and part.noisy]
