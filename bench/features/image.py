"""Pictures as fixed colour and edge-orientation histograms; nothing is learned.

Colour histograms follow Swain and Ballard 1991, orientation histograms Dalal and Triggs 2005 (without
overlapping blocks); both are compared by Hellinger's kernel (Arandjelovic and Zisserman 2012: root of L1).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench.data.prepared import Catalogue
from bench.data.sources.base import Progress
from bench.errors import DataError
from bench.features.encoder import Encoded, FeatureEncoder
from bench.features.pictures import Unreadable, read_picture
from bench.suite.settings import ColourEdgeSettings

SIDE = 64  # pictures are brought to SIDE x SIDE pixels
HUES = 12  # bins of coloured pixels, the first centred on red
GREYS = 3  # bins of colourless pixels by brightness
ORIENTATIONS = 8  # bins of edge directions, over half a turn
CELL_WIDTH = HUES + GREYS + ORIENTATIONS
_COLOURLESS = 0.2  # saturation (or value) below which the hue means nothing

Floats = npt.NDArray[np.float64]


class ColourEdge(FeatureEncoder):
    """Per cell of a grid: 12 hues, 3 greys, 8 edge orientations; d = 23 grid^2, rows of unit length."""

    def __init__(self, settings: ColourEdgeSettings) -> None:
        self.settings = settings

    def encode(self, catalogue: Catalogue, progress: Progress | None = None) -> Encoded:
        """[n_items, 23 grid^2]; a picture that cannot be read is missing and named in `Encoded.problems`."""
        total = len(catalogue.images)
        values = np.zeros((total, CELL_WIDTH * self.settings.grid**2), dtype=np.float32)
        present = np.zeros(total, dtype=np.bool_)
        problems: dict[int, str] = {}
        notes: dict[int, str] = {}
        for place, file in enumerate(catalogue.images):
            if file is not None:
                try:
                    picture = read_picture(file)
                except Unreadable as error:
                    problems[place + 1] = str(error)
                else:
                    values[place] = describe(_pixels(picture.image), self.settings.grid)
                    present[place] = True
                    if picture.note:
                        notes[place + 1] = picture.note
            if progress is not None and (place + 1 == total or place % 100 == 0):
                progress("describe pictures", place + 1, total)
        if not present.any():
            raise DataError(
                f"none of the {total} items has a readable picture: {problems or 'there are none'}"
            )
        return Encoded(values, present, problems=problems, notes=notes)


def describe(pixels: Floats, grid: int) -> Floats:
    """The descriptor of one picture.

    Args:
        pixels: [side, side, 3] RGB in 0..1.
        grid: cells per side.

    Returns:
        [23 grid^2], cells row by row, of unit Euclidean length.
    """
    colours = _colour_bins(pixels)
    orientations, magnitudes = _edges(pixels.mean(axis=2))
    side = pixels.shape[0]
    edges = np.linspace(0, side, grid + 1).round().astype(int)
    cells = []
    for top, bottom in pairwise(edges):
        for left, right in pairwise(edges):
            cell = np.s_[top:bottom, left:right]
            cells.append(_rooted(np.bincount(colours[cell].ravel(), minlength=HUES + GREYS)))
            weights = magnitudes[cell].ravel()
            cells.append(_rooted(np.bincount(orientations[cell].ravel(), weights, minlength=ORIENTATIONS)))
    row = np.concatenate(cells)
    return np.asarray(row / np.linalg.norm(row))


def _pixels(image: Image.Image) -> Floats:
    if image.size != (SIDE, SIDE):
        image = image.resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float64) / 255


def _colour_bins(pixels: Floats) -> npt.NDArray[np.int64]:
    """Bin of every pixel: hues 0..11, then greys: [side, side]."""
    value, low = pixels.max(axis=2), pixels.min(axis=2)
    spread = value - low
    red, green, blue = np.moveaxis(pixels, 2, 0)
    safe = np.where(spread > 0, spread, 1)
    # The hexagonal hue of HSV, in sixths of a turn.
    hue = np.select(
        [value == red, value == green],
        [((green - blue) / safe) % 6, (blue - red) / safe + 2],
        default=(red - green) / safe + 4,
    )
    hues = np.floor(hue * HUES / 6 + 0.5).astype(np.int64) % HUES
    greys = HUES + np.minimum((value * GREYS).astype(np.int64), GREYS - 1)
    colourless = (spread < _COLOURLESS * value) | (value < _COLOURLESS)
    bins: npt.NDArray[np.int64] = np.where(colourless, greys, hues)
    return bins


def _edges(grey: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Orientation bin and gradient magnitude of every pixel: two [side, side]."""
    down, right = np.gradient(grey)
    turn = np.arctan2(down, right) / np.pi  # -1..1 half turns; opposite directions are one orientation
    bins = np.floor((turn % 1) * ORIENTATIONS + 0.5).astype(np.int64) % ORIENTATIONS
    return bins, np.hypot(down, right)


def _rooted(histogram: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> Floats:
    total = histogram.sum()
    return np.sqrt(histogram / total) if total > 0 else np.zeros(len(histogram))
