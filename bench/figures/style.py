"""One look for all figures: colours, sizes of text, and files that come out the same every time.

Colours are seaborn's palette `colorblind`; markers and lines tell variants apart too, beyond ten of them and
in print without colour. Text is set in three sizes. Files hold no date and no random name.
"""

from __future__ import annotations

import io
import operator
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from bench.errors import InputError
from bench.figures.labels import FONT, short_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FileFormat = Literal["pdf", "svg", "png"]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

WIDTH = 7.0  # inches, of a figure across a page
SMALL, NORMAL, LARGE = 6.5, 7.5, 9.0  # points: ticks and notes, labels, titles
DPI = 300  # of PNG

QUIET = "0.45"  # grey, of what stands back
GRID = "0.88"

# What would otherwise tell the time at which a file was made.
_NO_DATE: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}

_DRAWS, _STANDS = 6, 1e-4  # draws at most until nothing moves by more than such a share of the figure

_ORDER = (0, 1, 2, 3, 4, 5, 7, 9, 6, 8)  # of the palette: pink and yellow, faint on white, come last
# Round a point, so that faint colours are seen.
EDGE: dict[str, Any] = {"markeredgecolor": "0.2", "markeredgewidth": 0.4}

_MARKERS = "osD^vP*Xph<>"
_LEGEND = 30  # characters of a label
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (4, 1, 1, 1)))

_RC: Any = {
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": NORMAL,
    "figure.titlesize": LARGE,
    "font.family": FONT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar sign in a title begins no formula
    "svg.hashsalt": "bench",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "savefig.dpi": DPI,
}


@contextmanager
def look() -> Iterator[None]:
    """Within it, figures are made and saved in bench's look."""
    import matplotlib

    with matplotlib.rc_context(_RC):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that keeps its labels inside; it belongs to no window and no list."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def panels(
    rows: int, columns: int, *, width: float = WIDTH, height: float, **shared: Any
) -> tuple[Figure, list[list[Axes]]]:
    """A figure of panels, ``height`` inches each."""
    figure = new_figure(width, height * rows)
    found = figure.subplots(rows, columns, squeeze=False, **shared)
    return figure, [list(row) for row in found]


def colours(labels: Sequence[str]) -> dict[str, Any]:
    """A colour for each label, in their order; the same again after ten."""
    import seaborn

    known = seaborn.color_palette("colorblind", 10)
    palette = [known[place] for place in _ORDER]
    return {label: palette[place % len(palette)] for place, label in enumerate(labels)}


def markers(labels: Sequence[str]) -> dict[str, str]:
    """A marker for each label."""
    return {label: _MARKERS[place % len(_MARKERS)] for place, label in enumerate(labels)}


def dashes(labels: Sequence[str]) -> dict[str, Any]:
    """A kind of line for each label: solid for the first, and another for its neighbours."""
    return {label: _DASHES[place % len(_DASHES)] for place, label in enumerate(labels)}


def legend_below(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend under all panels, in as many columns as fit the width; the figure grows by its height."""
    named = short_labels(labels, _LEGEND)
    shown = [named[label] for label in labels]
    widths = [32 + 0.62 * NORMAL * len(label) for label in shown]  # points
    room = figure.get_figwidth() * 72
    columns = len(shown) if sum(widths) <= room else max(1, int(room / max(widths)))
    lines = -(-len(shown) // columns)
    figure.set_figheight(figure.get_figheight() + lines * 1.65 * NORMAL / 72)
    figure.legend(handles, shown, loc="outside lower center", ncols=columns)


def settle(figure: Figure) -> None:
    """Fix the layout where it is once it stands.

    Constrained layout moves on from where it was each time that a figure is drawn, so that a file would
    depend on those written before it.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        return
    before: list[float] = []
    for _ in range(_DRAWS):
        figure.draw_without_rendering()
        now = [bound for axes in figure.axes for bound in axes.get_position().bounds]
        if before and max(map(abs, map(operator.sub, now, before)), default=0.0) < _STANDS:
            break
        before = now
    figure.set_layout_engine("none")


def svg_of(figure: Figure) -> str:
    """The figure as an SVG element, without declaration and date."""
    settle(figure)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_DATE["svg"], transparent=True)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def save(figure: Figure, stem: Path, formats: Sequence[FileFormat] = FILE_FORMATS) -> list[Path]:
    """Write the figure as ``stem.pdf`` and so on, making the folder; the files.

    Raises:
        InputError: the folder is a file.
    """
    make_folder(stem.parent)
    files = [stem.with_name(f"{stem.name}.{format}") for format in formats]
    for file in files:
        save_as(figure, file)
    return files


def save_as(figure: Figure, file: Path) -> None:
    """Write the figure, whole or not at all, in the format that the file's ending names."""
    settle(figure)
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    format = file.suffix.removeprefix(".")
    try:
        figure.savefig(part, format=format, metadata=_NO_DATE[format])
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make the folder of figures.

    Raises:
        InputError: it is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{folder} is a file, not a folder of figures", remedy="--plots DIR") from error
