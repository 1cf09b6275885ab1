"""Caser: Tang and Wang, "Personalized top-n sequential recommendation via convolutional sequence embedding".

WSDM 2018, as built by RecBole 1.2.1. The row's embeddings form an image of L x E: horizontal filters of
every height with max-pooling over time and vertical filters over all of time (section 3.2), then two
linear layers with the user's embedding between (section 3.3); score = state . E_item.

RecBole pads every row on the right to L. Here a row is filled up to its neighbours in length only, and what
the padding beyond would add is computed once for all rows: it is a sum over each filter's last taps. Both
give the same numbers.

Shape letters: B rows of N tokens, R all rows, L longest row possible, E embedding width, H heights in a
block, C filters of a height, K taps, S window starts, F joined features, M targets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.models.base import ModelContext, SequentialModel
from bench.models.batch import Batch
from bench.models.dropout import Dropout
from bench.suite.settings import CaserSettings

STEP = 8  # rows, and heights of filters, whose sizes differ by less are computed together


@dataclass(frozen=True)
class HeightBlock:
    """Horizontal filters of neighbouring heights, filled up with zero taps to the largest.

    Attributes:
        heights: [H].
        kernel: [H, C, K, E], K the largest height.
        bias: [H, C].
        tails: [H, C, K + 1]; entry k is what the taps from k on give on the padding item.
    """

    heights: Tensor
    kernel: Tensor
    bias: Tensor
    tails: Tensor


class HorizontalFilters(nn.Module):
    """``filters`` convolutions of each height h in 1..L, ReLU, maximum over all L - h + 1 windows."""

    def __init__(self, length: int, filters: int, width: int) -> None:
        super().__init__()
        self.length = length
        # Conv2d holds weight and bias in RecBole's shape and initialisation; it is never called.
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1, filters, (height, width)) for height in range(1, length + 1)
        )

    def by_height(self) -> list[nn.Conv2d]:
        """The L convolutions: weight [C, 1, h, E], bias [C]."""
        return cast(list[nn.Conv2d], list(self.convolutions))

    def blocks(self, padding_E: Tensor) -> list[HeightBlock]:
        """All filters by blocks of heights, with their sums over the padding item's embedding [E]."""
        blocks = []
        for low in range(0, self.length, STEP):
            convolutions = self.by_height()[low : low + STEP]
            largest = low + len(convolutions)
            kernel_HCKE = torch.stack(
                [
                    F.pad(c.weight.squeeze(1), (0, 0, 0, largest - low - i - 1))
                    for i, c in enumerate(convolutions)
                ]
            )
            taps_HCK = kernel_HCKE @ padding_E
            blocks.append(
                HeightBlock(
                    heights=torch.arange(low + 1, largest + 1, device=padding_E.device),
                    kernel=kernel_HCKE,
                    bias=torch.stack([cast(Tensor, c.bias) for c in convolutions]),
                    tails=F.pad(taps_HCK.flip(-1).cumsum(-1).flip(-1), (0, 1)),
                )
            )
        return blocks

    def forward(self, x_BNE: Tensor, blocks: list[HeightBlock]) -> Tensor:
        """Pooled activations, by height and filter: [B, L * C]."""
        return torch.cat([self._pooled(x_BNE, block) for block in blocks], dim=1)

    def _pooled(self, x_BNE: Tensor, block: HeightBlock) -> Tensor:
        """[B, H * C]."""
        n = x_BNE.shape[1]
        largest = block.kernel.shape[2]
        smallest = largest - len(block.heights) + 1
        # A window that starts at n sees padding only, and so do all later ones: one stands for all.
        starts = min(n, self.length - smallest) + 1
        taps = min(n, largest)
        value_BHCS = F.conv1d(
            F.pad(x_BNE, (0, 0, 0, starts + taps - 1 - n)).mT,
            block.kernel[:, :, :taps].flatten(0, 1).mT,
        ).view(len(x_BNE), *block.bias.shape, starts)
        start_S = torch.arange(starts, device=x_BNE.device)
        tails_HCS = block.tails[..., (n - start_S).clamp(max=largest)]
        beyond_HS = start_S > self.length - block.heights[:, None]
        value_BHCS = value_BHCS + tails_HCS + block.bias[..., None]
        value_BHCS = value_BHCS.masked_fill(beyond_HS[:, None], -torch.inf)
        return torch.relu(value_BHCS.max(dim=-1).values).flatten(1)


class VerticalFilters(nn.Module):
    """``filters`` weighted sums over the L places of a row, for each embedding dimension."""

    def __init__(self, length: int, filters: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, filters, (length, 1))

    def forward(self, x_BNE: Tensor, padding_E: Tensor) -> Tensor:
        """[B, C * E]."""
        weight_CL, bias_C = self.convolution.weight[:, 0, :, 0], cast(Tensor, self.convolution.bias)
        n = x_BNE.shape[1]
        constant_CE = weight_CL[:, n:].sum(1)[:, None] * padding_E + bias_C[:, None]
        return (weight_CL[:, :n] @ x_BNE + constant_CE).flatten(1)


class Caser(SequentialModel):
    """Horizontal and vertical convolutions over a row, and an embedding of its user."""

    Settings = CaserSettings
    causal: ClassVar[bool] = False

    def __init__(self, settings: CaserSettings, context: ModelContext) -> None:
        super().__init__()
        width, length = settings.embedding_size, context.max_length
        self.regularisation = settings.regularisation
        self.items = nn.Embedding(context.n_items + 1, width, padding_idx=0)
        self.users = nn.Embedding(context.n_users, width)
        self.horizontal = HorizontalFilters(length, settings.horizontal_filters, width)
        self.vertical = VerticalFilters(length, settings.vertical_filters)
        features = settings.vertical_filters * width + settings.horizontal_filters * length
        self.dropout = Dropout(settings.dropout)
        self.fc1 = nn.Linear(features, width)
        self.fc2 = nn.Linear(2 * width, width)
        self.apply(_init_caser)

    def encode(self, batch: Batch) -> Tensor:
        """The state of each target's row: [M, E].

        Raises:
            ValueError: a target does not follow the last token of its row (Caser is not causal).
        """
        items_RN, lengths_R, at_M2 = batch.padded()
        row_M, position_M = at_M2.unbind(1)
        if not torch.equal(position_M, lengths_R[row_M] - 1):
            raise ValueError("Caser needs a row per target, ending just before it")
        features_MF = self.dropout(self._features(batch, items_RN)[row_M])
        hidden_ME = torch.relu(self.fc1(features_MF))
        joined = torch.cat([hidden_ME, self.users(batch.users)], dim=1)
        return torch.relu(self.fc2(joined))

    def _features(self, batch: Batch, items_RN: Tensor) -> Tensor:
        """Vertical, then horizontal features of every row: [R, F]."""
        padding_E = self.items.weight[0].detach()  # as in RecBole, padding takes no gradient
        blocks = self.horizontal.blocks(padding_E)
        features = []
        for rows, width in _stretches(batch, items_RN.shape[1]):
            x_BNE = self.items(items_RN[rows, :width])
            features.append(
                torch.cat([self.vertical(x_BNE, padding_E), self.horizontal(x_BNE, blocks)], dim=1)
            )
        return torch.cat(features)

    def output(self) -> tuple[Tensor, Tensor | None]:
        return self.items.weight, None

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy plus the weighted norms (not squared) of all weight matrices, as RecBole: scalar."""
        regularised = [
            self.users.weight,
            self.items.weight,
            self.vertical.convolution.weight,
            self.fc1.weight,
            self.fc2.weight,
            *(c.weight for c in self.horizontal.by_height()),
        ]
        norms = torch.stack([torch.linalg.vector_norm(weight) for weight in regularised])
        return super().loss(batch) + self.regularisation * norms.sum()


def _stretches(batch: Batch, longest: int) -> Iterator[tuple[slice, int]]:
    """Neighbouring rows computed together, and the length they are filled up to."""
    first = row = width = 0
    for group in batch.groups:
        needed = min(-(-group.length // STEP) * STEP, longest)
        if needed != width and row > first:
            yield slice(first, row), width
            first = row
        width = needed
        row += group.rows
    yield slice(first, row), width


def _init_caser(module: nn.Module) -> None:
    """RecBole's initialisation of Caser; the convolutions keep torch's."""
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=1 / module.embedding_dim)
    elif isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
