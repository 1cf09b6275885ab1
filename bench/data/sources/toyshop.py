"""A generated shop, the calibration instrument: which modality carries the signal is known by construction.

`toyshop_rules` says what customers buy, `toyshop_pictures` and `toyshop_words` how the latent values show.
The same settings give the same tables and the same pictures, byte for byte.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.data.sources.base import INTERACTIONS, ITEMS, Progress, RawData, Source
from bench.data.sources.toyshop_pictures import SHAPES, draw_toy
from bench.data.sources.toyshop_rules import (
    RANDOM,
    Histories,
    Shop,
    draw_histories,
    draw_shop,
    generator,
    oracle_recall,
)
from bench.data.sources.toyshop_words import description, labels, title
from bench.registry import MODALITIES
from bench.suite.dataset_settings import ToyshopSettings

OPENING_DAY = 1_600_000_000  # seconds since 1970
_DAY = 86_400


class Toyshop(Source):
    """Toys with a picture, a title and description, several categories, and customers who follow a rule."""

    def __init__(self, settings: ToyshopSettings) -> None:
        self.settings = settings

    def collect(self, folder: Path, progress: Progress | None = None) -> RawData:
        """Draw the shop; pictures go to ``folder/pictures``."""
        shop = draw_shop(self.settings)
        histories = draw_histories(shop, self.settings)
        return RawData(
            interactions=self._interactions(histories),
            items=self._items(shop, folder, progress),
            truth=truth(shop, histories),
        )

    def _items(self, shop: Shop, folder: Path, progress: Progress | None) -> pa.Table:
        rng, total = generator(self.settings.seed, 2), self.settings.items
        (folder / "pictures").mkdir(parents=True)
        rows: list[dict[str, Any]] = []
        for item in range(total):
            colour, theme, department = (int(value) for value in shop.values[:, item])
            shape = SHAPES[int(rng.integers(len(SHAPES)))]
            picture = f"pictures/{item + 1:06d}.png"
            draw_toy(folder / picture, colour, shape, rng)
            rows.append(
                {
                    "id": item_id(item),
                    "title": title(shape, rng),
                    "text": description(theme, rng),
                    "categories": labels(department, rng),
                    "image": picture,
                }
            )
            if progress is not None and (item + 1 == total or item % 100 == 0):
                progress("draw toys", item + 1, total)
        return pa.Table.from_pylist(rows, schema=ITEMS)

    def _interactions(self, histories: Histories) -> pa.Table:
        """The shop's log: all customers' purchases in time order, at most one per customer and moment."""
        rng = generator(self.settings.seed, 3)
        lengths = np.array([len(items) for items in histories.items])
        users = np.repeat(np.arange(len(lengths)), lengths)
        items = np.concatenate([np.array(bought) for bought in histories.items])
        starts = rng.integers(0, 365 * _DAY, size=len(lengths))
        gaps = rng.integers(60, 10 * _DAY, size=len(users))
        elapsed = np.cumsum(gaps)
        ends = np.cumsum(lengths)
        elapsed -= np.repeat(elapsed[ends - lengths], lengths)
        times = OPENING_DAY + np.repeat(starts, lengths) + elapsed
        order = np.lexsort((users, times))
        columns = {
            "user": [f"user-{user + 1:06d}" for user in users[order]],
            "item": [item_id(int(item)) for item in items[order]],
            "timestamp": times[order],
        }
        return pa.table(columns, schema=INTERACTIONS)


def item_id(item: int) -> str:
    """The shop's identifier of item 0..n-1."""
    return f"toy-{item + 1:06d}"


def truth(shop: Shop, histories: Histories) -> dict[str, Any]:
    """What is known by construction, for the dataset's audit.

    Returns:
        mechanism; each modality's weight among the determined steps; the share of steps (all purchases but
        the first) that each modality determined; the expected Recall@10 at the test step of an oracle that
        knows the shop (over the first 1,000 users).
    """
    carriers = np.concatenate([np.array(steps[1:]) for steps in histories.carriers])
    return {
        "mechanism": shop.mechanism,
        "weights": dict(zip(MODALITIES, shop.weights.tolist(), strict=True)),
        "signal": [modality for place, modality in enumerate(MODALITIES) if shop.weights[place] > 0],
        "determined_share": float(np.mean(carriers != RANDOM)),
        "determined_share_by_modality": {
            modality: float(np.mean(carriers == place)) for place, modality in enumerate(MODALITIES)
        },
        "oracle_recall_at_10": oracle_recall(shop, histories),
    }
