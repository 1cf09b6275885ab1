"""Files of figures, and the look they share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest
from PIL import Image

from bench.errors import InputError
from bench.figures import style
from bench.figures.numbers import short_number


def test_the_files(tmp_path: Path) -> None:
    with style.look():
        figure, [[panel]] = style.panels(1, 1, height=2)
        panel.plot([1, 2], [3, 4])
        files = style.save(figure, tmp_path / "new" / "figure")
    assert [file.name for file in files] == ["figure.pdf", "figure.svg", "figure.png"]
    assert files[0].read_bytes().startswith(b"%PDF") and b"CreationDate" not in files[0].read_bytes()
    assert b"<dc:date>" not in files[1].read_bytes()
    with Image.open(files[2]) as picture:
        assert picture.size == (2100, 600)  # 7 x 2 inches at 300 dpi
        assert [round(each) for each in picture.info["dpi"]] == [300, 300]
    assert not list((tmp_path / "new").glob("*.part"))


def test_the_look_ends_with_its_context() -> None:
    before = dict(matplotlib.rcParams)
    with style.look():
        assert matplotlib.rcParams["font.size"] == style.NORMAL
    assert dict(matplotlib.rcParams) == before


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "plots").write_text("", encoding="utf-8")
    with style.look(), pytest.raises(InputError, match="is a file, not a folder of figures"):
        style.save(style.new_figure(1, 1), tmp_path / "plots" / "figure")


def test_a_dozen_variants_are_told_apart() -> None:
    labels = [str(n) for n in range(12)]
    looks = style.colours(labels), style.markers(labels), style.dashes(labels)
    seen = [tuple(look[label] for look in looks) for label in labels]
    assert len({(colour, str(dash)) for colour, _, dash in seen}) == 12
    assert len({marker for _, marker, _ in seen}) == 12


def test_colours_differ_for_the_colour_blind() -> None:
    """The first eight keep apart when seen without red or green receptors (Viénot et al. 1999)."""
    import numpy as np

    rgb = np.array(list(style.colours([str(n) for n in range(8)]).values())) ** 2.2
    protan = np.array([[0.1121, 0.8853, -0.0005], [0.1127, 0.8897, -0.0001], [0.0045, 0.0000, 1.0019]])
    deutan = np.array([[0.2920, 0.7054, -0.0003], [0.2934, 0.7089, 0.0000], [-0.0210, 0.0256, 1.0019]])
    for matrix in (protan, deutan):
        seen = np.clip(rgb @ matrix.T, 0, 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[~np.eye(8, dtype=bool)]
        assert apart.min() > 0.05


def contrast(colour: Any) -> float:
    """With white (WCAG 2)."""
    import numpy as np
    from matplotlib.colors import to_rgb

    rgb: Any = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


def test_faint_colours_come_last_and_points_have_a_dark_edge() -> None:
    faint = [contrast(colour) < 2 for colour in style.colours([str(n) for n in range(10)]).values()]
    assert faint == [False] * 8 + [True] * 2
    assert contrast(style.EDGE["markeredgecolor"]) > 4.5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.05, "0.05"), (2, "2"), (500, "500"), (5_000, "5,000"), (50_000, "50k"), (2e6, "2M"), (0, "0")],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text
