"""Items with their nearest neighbours by one modality's features, to be looked at."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.data.prepared import Catalogue
from bench.features.neighbours import nearest
from bench.features.pictures import Unreadable, read_picture
from bench.features.table import ItemFeatures
from bench.registry import Modality

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ITEMS = 10
NEIGHBOURS = 5
_THUMBNAIL = 160  # pixels


def draw_neighbours(features: ItemFeatures, catalogue: Catalogue, file: Path, seed: int = 0) -> None:
    """Draw ten items, one a row, each with its five nearest neighbours by cosine.

    Args:
        features: of one modality: what it was made of is shown, pictures, texts or categories.
        catalogue: of the same items.
        file: png, svg or pdf.
        seed: chooses the items.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    items, neighbours = nearest(features, NEIGHBOURS)
    rows = np.sort(np.random.default_rng(seed).permutation(len(items))[:ITEMS])
    columns = 1 + neighbours.shape[1]
    figure, panels = plt.subplots(
        max(len(rows), 1),
        columns,
        figsize=(
            1.55 * columns,
            (0.85 if features.modality == "category" else 1.75) * max(len(rows), 1) + 0.5,
        ),
        squeeze=False,
        layout="constrained",
    )
    try:
        for place, row in enumerate(rows):
            for column, item in enumerate([items[row], *neighbours[row]]):
                _show(panels[place, column], int(item), catalogue, features.modality, column == 0)
        for panel in panels.ravel():
            panel.set_xticks([])
            panel.set_yticks([])
        panels[0, 0].set_title("item", fontsize="small", fontweight="bold")
        for column in range(1, columns):
            panels[0, column].set_title(f"neighbour {column}", fontsize="small")
        figure.suptitle(f"{features.modality}: {features.encoder}", fontsize="small")
        figure.savefig(file, dpi=120)
    finally:
        plt.close(figure)


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
            ha="center", va="center", fontsize=5.5, color="0.2", transform=panel.transAxes,
        )  # fmt: skip
    title = catalogue.titles[item - 1] or catalogue.ids[item - 1]
    panel.set_xlabel(_lines(title, 22, 2), fontsize=6)


def _words(item: int, catalogue: Catalogue, modality: Modality) -> str:
    if modality == "text":
        return catalogue.texts[item - 1] or "no text but the title"
    return ", ".join(catalogue.categories[item - 1]) if modality == "category" else "no picture"


def _lines(text: str, width: int, most: int) -> str:
    lines: Sequence[str] = textwrap.wrap(text, width, max_lines=most, placeholder="…")
    return "\n".join(lines).replace("$", r"\$")  # a dollar sign would begin a formula
