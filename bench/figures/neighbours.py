"""Items with their nearest neighbours by one modality's features, to be looked at."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.data.prepared import Catalogue
from bench.features.neighbours import nearest
from bench.features.pictures import Unreadable, read_picture
from bench.features.table import ItemFeatures
from bench.figures import style
from bench.registry import Modality

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ITEMS = 10
NEIGHBOURS = 5
_THUMBNAIL = 160  # pixels
_WORDS = 5.0  # points: a description is to fit where a picture would be


def draw_neighbours(features: ItemFeatures, catalogue: Catalogue, file: Path, seed: int = 0) -> None:
    """Draw ten items, one a row, each with its five nearest neighbours by cosine.

    Args:
        features: of one modality: what it was made of is shown, pictures, texts or categories.
        catalogue: of the same items.
        file: png, svg or pdf.
        seed: chooses the items.
    """
    items, neighbours = nearest(features, NEIGHBOURS)
    rows = np.sort(np.random.default_rng(seed).permutation(len(items))[:ITEMS])
    columns = 1 + neighbours.shape[1]
    with style.look():
        figure, panels = style.panels(
            max(len(rows), 1), columns, height=0.75 if features.modality == "category" else 1.35
        )
        for own, row in zip(panels, rows, strict=False):
            for place, item in enumerate([items[row], *neighbours[row]]):
                _show(own[place], int(item), catalogue, features.modality, place == 0)
        for panel in (panel for own in panels for panel in own):
            panel.set_xticks([])
            panel.set_yticks([])
            panel.grid(visible=False)
        panels[0][0].set_title("item", fontweight="bold")
        for column in range(1, columns):
            panels[0][column].set_title(f"neighbour {column}")
        figure.suptitle(f"{features.modality}: {features.encoder}")
        style.save_as(figure, file)


def _show(panel: Axes, item: int, catalogue: Catalogue, modality: Modality, first: bool) -> None:
    for spine in panel.spines.values():
        spine.set_visible(first)
        spine.set_linewidth(1.6)
    picture = catalogue.images[item - 1] if modality == "image" else None
    if picture is not None:
        try:
            image = read_picture(picture).image
            image.thumbnail((_THUMBNAIL, _THUMBNAIL))
            panel.imshow(np.asarray(image))
        except Unreadable:
            picture = None
    if picture is None:
        panel.text(
            *(0.5, 0.5, _lines(_words(item, catalogue, modality), 24, 9)),
            ha="center", va="center", fontsize=_WORDS, color="0.2", transform=panel.transAxes,
        )  # fmt: skip
    title = catalogue.titles[item - 1] or catalogue.ids[item - 1]
    panel.set_xlabel(_lines(title, 20, 2), fontsize=_WORDS)


def _words(item: int, catalogue: Catalogue, modality: Modality) -> str:
    if modality == "text":
        return catalogue.texts[item - 1] or "no text but the title"
    return ", ".join(catalogue.categories[item - 1]) if modality == "category" else "no picture"


def _lines(text: str, width: int, most: int) -> str:
    return "\n".join(textwrap.wrap(text, width, max_lines=most, placeholder="…"))
