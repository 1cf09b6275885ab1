"""How the generated shop works: what is known of its items, and what a customer buys next.

Every item has, per modality, one of a few latent values (`VALUES`); the three are independent, and each
value is carried by the same number of items (give or take one). A step of a customer draws its modality
in proportion to the weights; then

- ``attention``: the most recent earlier purchase whose value equals the last purchase's determines the
  next one, which is a fixed successor of it. Where none matches, the last purchase itself determines.
  Which item determines is visible in the content, what follows from it only in the ids.
- ``content``: the next purchase is another item with the last purchase's value, a popular one rather
  than not. The other steps wander over the whole catalogue, so that the last purchase is often an item
  too rare for its id to say anything, and its content tells what follows.

The constants were chosen by training models of 64 dimensions on 300 to 1,000 items. With ``content`` and
without rare items, ids alone reach the oracle, because popular items with one value meet often enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.registry import MODALITIES
from bench.suite.dataset_settings import ToyshopSettings

VALUES = {"attention": 8, "content": 8}  # latent values per modality, at most 8
SUCCESSORS = 1  # fixed successors per item (mechanism attention)
POPULARITY_EXPONENT = 0.7  # popularity of the item at rank k = 1, 2, ... is k ** -POPULARITY_EXPONENT
RANDOM_SHARE = {"attention": 0.15, "content": 0.4}  # steps that nothing determines although there is a signal
LENGTHS = {"attention": (16, 24), "content": (8, 12)}  # shortest and longest history, both included

RANDOM = -1  # the carrier of a step that no modality determined

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shop:
    """The latent truth about the items; items are 0..n-1 here.

    Attributes:
        mechanism: attention or content.
        weights: [3] share of each modality (order of `MODALITIES`) in the determined steps; zeros where none.
        values: [3, n] the latent value of each item in each modality.
        successors: [n, SUCCESSORS]; every item is a successor equally often, never of itself.
        popularity: [n] probabilities.
        stray: [n] probabilities of steps that nothing determines: popularity, but uniform for ``content``.
    """

    mechanism: str
    weights: Floats
    values: Integers
    successors: Integers
    popularity: Floats
    stray: Floats

    @property
    def determined_share(self) -> float:
        """The share of steps that the mechanism determines."""
        return 1 - RANDOM_SHARE[self.mechanism] if self.weights.any() else 0.0


@dataclass(frozen=True)
class Histories:
    """What the customers bought.

    Attributes:
        items: per user, the items in the order bought.
        carriers: per user and purchase, the place in `MODALITIES` of the modality that determined it, or
            `RANDOM` (the first purchase always is).
    """

    items: list[list[int]]
    carriers: list[list[int]]


def generator(seed: int, purpose: int) -> np.random.Generator:
    """A stream of its own for each purpose, so that changing one part of the shop leaves the others."""
    return np.random.Generator(np.random.PCG64([seed, purpose]))


def draw_shop(settings: ToyshopSettings) -> Shop:
    """Draw the items' latent truth."""
    rng, n = generator(settings.seed, 0), settings.items
    weights = np.array([getattr(settings, modality) for modality in MODALITIES], dtype=np.float64)
    successors = np.empty((n, SUCCESSORS), dtype=np.int64)
    values = np.stack([rng.permutation(np.arange(n) % VALUES[settings.mechanism]) for _ in MODALITIES])
    for column in range(SUCCESSORS):
        # One cycle through all items: nothing follows itself, and no part of the shop is a trap.
        order = rng.permutation(n)
        successors[order, column] = np.roll(order, -1)
    popularity = rng.permutation(np.arange(1, n + 1) ** -POPULARITY_EXPONENT)
    popularity /= popularity.sum()
    uniform = settings.mechanism == "content" and weights.any()
    return Shop(
        mechanism=settings.mechanism,
        weights=weights / weights.sum() if weights.any() else weights,
        values=values,
        successors=successors,
        popularity=popularity,
        stray=np.full(n, 1 / n) if uniform else popularity,
    )


def candidates(shop: Shop, history: Sequence[int], modality: int) -> tuple[Integers, Floats]:
    """What may be bought after ``history`` if ``modality`` determines the step: items and probabilities."""
    values, last = shop.values[modality], history[-1]
    if shop.mechanism == "content":
        alike = np.flatnonzero(values == values[last])
        alike = alike[alike != last]
        return alike, shop.popularity[alike] / shop.popularity[alike].sum()
    matching = (item for item in reversed(history[:-1]) if values[item] == values[last])
    successors: Integers = shop.successors[next(matching, last)]
    return successors, np.full(SUCCESSORS, 1 / SUCCESSORS)


def draw_histories(shop: Shop, settings: ToyshopSettings) -> Histories:
    """Let every customer buy."""
    rng = generator(settings.seed, 1)
    shortest, longest = LENGTHS[shop.mechanism]
    strays = np.cumsum(shop.stray)
    histories = Histories([], [])
    for _ in range(settings.users):
        length = int(rng.integers(shortest, longest + 1))
        bought: list[int] = []
        carriers: list[int] = []
        while len(bought) < length:
            carrier = RANDOM
            if bought and rng.random() < shop.determined_share:
                carrier = int(rng.choice(len(MODALITIES), p=shop.weights))
                options, chances = candidates(shop, bought, carrier)
                bought.append(int(options[_draw(np.cumsum(chances), rng)]))
            else:
                bought.append(_draw(strays, rng))
            carriers.append(carrier)
        histories.items.append(bought)
        histories.carriers.append(carriers)
    return histories


def _draw(thresholds: Floats, rng: np.random.Generator) -> int:
    """An index drawn by its cumulated probability; rounding may leave the last threshold below 1."""
    return min(int(np.searchsorted(thresholds, rng.random(), side="right")), len(thresholds) - 1)


def next_distribution(shop: Shop, history: Sequence[int]) -> Floats:
    """The true probability of each item after ``history``: [n]."""
    probabilities = (1 - shop.determined_share) * shop.stray
    for modality in np.flatnonzero(shop.weights):
        options, chances = candidates(shop, history, int(modality))
        # Successors may coincide, so that plain indexing would add only one of them.
        np.add.at(probabilities, options, shop.determined_share * shop.weights[modality] * chances)
    return probabilities


def oracle_recall(shop: Shop, histories: Histories, k: int = 10, users: int = 1000) -> float:
    """Expected Recall@k at the test step of somebody who knows the shop, over the first ``users`` users."""
    found = [
        float(np.partition(next_distribution(shop, items[:-1]), -k)[-k:].sum())
        for items in histories.items[:users]
    ]
    return sum(found) / len(found)
