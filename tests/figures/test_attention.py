"""Attention maps: whatever their number and size, nothing covers anything else."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from bench.execution.attention import AttentionMaps
from bench.figures import style
from bench.figures.attention import draw_attention
from tests.figures.overlaps import boxes, outside, overlapping, texts

DIF_SR = ("item", "position", "image", "text", "category", "fused")


def maps(
    positions: int,
    sources: int = 3,
    picture: Path | None = None,
    titles: tuple[str, ...] = (),
    causal: bool = True,
) -> AttentionMaps:
    rng = np.random.default_rng(0)
    found = rng.random((sources, positions, positions))
    weights = np.tril(found) if causal else found
    record: Any = None  # not drawn
    return AttentionMaps(
        record, "A dataset whose label goes on and on", "A variant of a model with its settings",
        dict(zip(DIF_SR, weights, strict=False)), 2, 2, 1, 2, ("user-000428",), positions + 3,
        tuple(f"item-{n}" for n in range(positions)),
        titles or ("The Gentle Pyramid of the Merry Block",) * positions,
        (picture,) * positions,
    )  # fmt: skip


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (96, 64), "red").save(tmp_path / "item.png")
    return tmp_path / "item.png"


def drawn(found: AttentionMaps) -> Figure:
    with style.look():
        figure = draw_attention(found)
        FigureCanvasAgg(figure).draw()
    return figure


@pytest.mark.parametrize("positions", [2, 3, 10, 12, 13, 15, 16, 20, 30, 50, 200])
def test_nothing_covers_anything(positions: int, picture: Path) -> None:
    figure = drawn(maps(positions, 3, picture))
    found = boxes(figure)
    assert overlapping(found) == []
    assert outside(found.values(), figure) == []
    panels = [axes.get_window_extent() for axes in figure.axes]
    covered = [(name, box) for name, box in found.items() for panel in panels if panel.overlaps(box)]
    assert covered == []


@pytest.mark.parametrize("sources", [1, 2, 4, 6])
def test_few_and_many_maps(sources: int, picture: Path) -> None:
    figure = drawn(maps(15, sources, picture))
    found = boxes(figure)
    assert overlapping(found) == [] and outside(found.values(), figure) == []
    drawn_maps = [axes for axes in figure.axes if axes.get_title()]
    assert len(drawn_maps) == sources
    sides = {round(axes.get_window_extent().width * 72 / figure.dpi) for axes in drawn_maps}
    assert sides == {{1: 240, 2: 216}.get(sources, 136)}
    assert figure.get_figwidth() < style.WIDTH + 2  # inches: a page and the titles


def test_numbers_keep_apart(picture: Path) -> None:
    """At the default of 15 positions neighbours stand at least 2 points apart."""
    figure = drawn(maps(15, 3, picture))
    labels = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    extents = [label.get_window_extent() for label in labels]
    gaps = [(right.x0 - left.x1) * 72 / figure.dpi for left, right in itertools.pairwise(extents)]
    assert len(labels) == 8 and labels[-1].get_text() == "15"
    assert min(gaps) > 2


def test_titles_are_one_line_of_signs_that_exist() -> None:
    titles = ("Merry\nblock", "東京物語", "", "a\tb", "🎬 Pokémon")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = drawn(maps(5, titles=titles))
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == ["Merry block  1", "item-1  2", "item-2  3", "a b  4", "□ Pokémon  5"]


@pytest.mark.parametrize(("causal", "says"), [(True, "earlier item (key)"), (False, "item (key)")])
def test_keys_are_earlier_items_in_causal_maps_only(causal: bool, says: str) -> None:
    assert says in {text.get_text() for text in texts(drawn(maps(4, causal=causal)))}
