"""Pictures of the generated shop's toys: the body's colour is the signal; shape, pattern, badge are not.

Drawn with Pillow in a palette, without antialiasing, so that the same toy is the same file, byte for byte.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 64

# Palette: two inks, four backgrounds, then the bodies' colours, one per latent value.
_INKS = ((30, 30, 30), (255, 255, 255))
_BACKGROUNDS = ((240, 240, 240), (222, 222, 222), (204, 204, 204), (250, 250, 250))
BODY_COLOURS = (
    *((214, 39, 40), (245, 135, 20), (245, 215, 40), (50, 160, 50)),
    *((25, 190, 205), (35, 85, 200), (130, 60, 185), (235, 90, 185)),
)
_PALETTE = (*_INKS, *_BACKGROUNDS, *BODY_COLOURS)
_DARK, _LIGHT = 0, 1
_FIRST_BACKGROUND = len(_INKS)
_FIRST_BODY = _FIRST_BACKGROUND + len(_BACKGROUNDS)

SHAPES = ("ball", "block", "kite", "pyramid", "ring", "boat")
_PATTERNS = ("plain", "stripes", "bars", "dots")


def draw_toy(file: Path, colour: int, shape: str, rng: np.random.Generator) -> None:
    """Draw one toy to ``file`` (PNG, 64 x 64).

    Args:
        file: where to write.
        colour: latent value, an index of `BODY_COLOURS`.
        shape: one of `SHAPES`.
        rng: draws everything else.
    """
    image = Image.new("P", (SIDE, SIDE), _FIRST_BACKGROUND + int(rng.integers(len(_BACKGROUNDS))))
    image.putpalette([channel for entry in _PALETTE for channel in entry])
    radius = int(rng.integers(18, 23))
    x, y = (int(place) for place in rng.integers(28, 37, size=2))
    body = _body(shape, x, y, radius)
    pattern = _pattern(_PATTERNS[int(rng.integers(len(_PATTERNS)))], int(rng.integers(2)))
    image.paste(_FIRST_BODY + colour, mask=body)
    # The pattern shows where it and the body overlap.
    overlap = Image.new("1", (SIDE, SIDE), 0)
    overlap.paste(pattern, mask=body)
    image.paste(_DARK if rng.integers(2) else _LIGHT, mask=overlap)
    _badge(ImageDraw.Draw(image), rng)
    image.save(file, format="PNG")


def _body(shape: str, x: int, y: int, r: int) -> Image.Image:
    mask = Image.new("1", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(mask)
    outlines = {
        "block": [(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)],
        "kite": [(x, y - r), (x + r, y), (x, y + r), (x - r, y)],
        "pyramid": [(x, y - r), (x + r, y + r), (x - r, y + r)],
        "boat": [(x - r, y - r // 3), (x + r, y - r // 3), (x + r // 2, y + r), (x - r // 2, y + r)],
    }
    if shape in outlines:
        draw.polygon(outlines[shape], fill=1)
    else:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=1)
    if shape == "ring":
        draw.ellipse((x - r // 3, y - r // 3, x + r // 3, y + r // 3), fill=0)
    return mask


def _pattern(name: str, phase: int) -> Image.Image:
    mask = Image.new("1", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(mask)
    for start in range(4 * phase, SIDE, 10):
        if name == "stripes":
            draw.rectangle((0, start, SIDE, start + 2), fill=1)
        elif name == "bars":
            draw.rectangle((start, 0, start + 2, SIDE), fill=1)
        elif name == "dots":
            for across in range(0, SIDE, 10):
                draw.rectangle((across, start, across + 3, start + 3), fill=1)
    return mask


def _badge(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    colour = _FIRST_BODY + int(rng.integers(len(BODY_COLOURS)))
    left, top = (int(corner) * (SIDE - 10) for corner in rng.integers(2, size=2))
    draw.ellipse((left, top, left + 9, top + 9), fill=colour, outline=_DARK)
