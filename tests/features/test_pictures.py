"""Pictures as shops have them, and files that only look like pictures."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.features.pictures import Unreadable, read_picture

RED = (220, 30, 30)


def left_is_red(image: Image.Image) -> bool:
    """The picture that the tests draw: its left half red, the right one white."""
    pixels = np.asarray(image, dtype=float)
    left, right = pixels[:, : pixels.shape[1] // 4], pixels[:, -pixels.shape[1] // 4 :]
    return bool(
        np.allclose(left.mean((0, 1)), RED, atol=12) and np.allclose(right.mean((0, 1)), 255, atol=12)
    )


def drawn(size: tuple[int, int] = (40, 20)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


def _turned(file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter to the right
    drawn().rotate(90, expand=True).save(file, "JPEG", exif=exif, quality=95)


def _animated(file: Path) -> None:
    drawn().save(file, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 20), "blue")], loop=0)


def _transparent(file: Path) -> None:
    image = drawn().convert("RGBA")
    image.paste((0, 0, 0, 0), (20, 0, 40, 20))  # black, but nobody sees it
    image.save(file, "PNG")


def _deep(file: Path) -> None:
    Image.fromarray(np.full((9, 9), 65_535 // 2, dtype=np.uint16)).save(file, "PNG")


@pytest.mark.parametrize(
    ("write", "note"),
    [
        (lambda file: drawn().save(file, "PNG"), ""),
        (lambda file: drawn().save(file, "WEBP", quality=95), ""),
        (lambda file: drawn().convert("CMYK").save(file, "JPEG", quality=95), "converted from CMYK"),
        (lambda file: drawn().quantize(4).save(file, "PNG"), "converted from P"),
        (_transparent, "converted from RGBA"),
        (_animated, "first of 2 frames"),
        (_turned, "turned as its EXIF says"),
    ],
    ids=["png", "webp", "cmyk", "palette", "transparent", "animated", "turned"],
)
def test_what_shows_a_product_is_read(write: Callable[[Path], None], note: str, tmp_path: Path) -> None:
    write(tmp_path / "picture")
    found = read_picture(tmp_path / "picture")
    assert found.image.mode == "RGB" and found.image.size == (40, 20)
    assert left_is_red(found.image)
    assert note in found.note and bool(note) == bool(found.note)


def test_greys_of_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    _deep(tmp_path / "deep.png")
    found = read_picture(tmp_path / "deep.png")
    assert np.asarray(found.image).mean() == pytest.approx(127, abs=1)


def header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot identify image file"),
        (b"<html>Sign in</html>", "cannot identify image file"),
        (header(50_000, 50_000), "pixels"),
        (header(9_000, 9_000), "it has 9,000 x 9,000 pixels"),
        (header(1, 1), "it has 1 x 1 pixels"),
        (header(1, 400), "it has 1 x 400 pixels"),
        (header(40, 40), ""),
    ],
    ids=["empty", "page", "bomb", "large", "pixel", "line", "no pixels"],
)
def test_what_is_no_picture_says_why(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(Unreadable, match=f"^a.jpg: .*{reason}"):
        read_picture(tmp_path / "a.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_file_that_is_cut_off(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.effect_noise((80, 80), 90).convert("RGB").save(file, kind)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(Unreadable, match=r"^a\.jpg: "):
        read_picture(file)
