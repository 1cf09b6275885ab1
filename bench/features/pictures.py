"""Product pictures as RGB, whatever their files are like; what cannot be one is refused with a reason.

Shops have pictures for print (CMYK), with a palette, animated, or turned by the camera's note (EXIF): they
show a product like any other and are converted, which is noted. Refused are files that are damaged or cut
off, single pixels, and those that would fill the memory.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

MOST_PIXELS = 60_000_000  # larger ones are bombs rather than products
_FEWEST = 2  # pixels a side; less is a place-holder
_EXIF_ORIENTATION = 0x0112
_PLAIN = ("RGB", "L", "1")


class Unreadable(Exception):
    """Content that is there but cannot be used; the text says why."""


@dataclass(frozen=True)
class Picture:
    """``image`` in RGB; ``note`` says what was done to it beyond reading, if anything."""

    image: Image.Image
    note: str = ""


def read_picture(file: Path) -> Picture:
    """The picture of ``file``: its first frame, upright, over white where it is transparent.

    Raises:
        Unreadable: it is damaged, a single pixel, or larger than `MOST_PIXELS`.
    """
    try:
        with warnings.catch_warnings():
            # Damaged metadata do not matter here, and what is too large is measured below.
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise Unreadable(f"{file.name}: it has {width:,} x {height:,} pixels")
                if min(width, height) < _FEWEST:
                    raise Unreadable(f"{file.name}: it has {width} x {height} pixels")
                return _converted(image)
    # Pillow's decoders report damage by any of these.
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable(f"{file.name}: {error}") from error


def _converted(image: Image.Image) -> Picture:
    notes = []
    if getattr(image, "n_frames", 1) > 1:
        notes.append(f"first of {image.n_frames} frames")  # type: ignore[attr-defined]
        image.seek(0)
    if image.mode not in _PLAIN:
        notes.append(f"converted from {image.mode}")
    if image.getexif().get(_EXIF_ORIENTATION, 1) not in (0, 1):
        notes.append("turned as its EXIF says")
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # greys of 16 bits, which Pillow would cut off at 255
        deep = np.asarray(upright, dtype=np.float64)
        upright = Image.fromarray((deep / 257).clip(0, 255).round().astype(np.uint8))
    # Through RGBA, so that what is transparent shows white as a shop would show it.
    layered = upright.convert("RGBA")
    white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
    return Picture(Image.alpha_composite(white, layered).convert("RGB"), ", ".join(notes))
