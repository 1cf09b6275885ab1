"""Labels as figures can show them: in one line, with the glyphs of the font, not too long, and distinct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import takewhile

FONT = "DejaVu Sans"  # comes with matplotlib, so that files are the same everywhere

_ABSENT = "□"


def shorten(text: str, most: int) -> str:
    """At most so many characters in one line; what is cut off ends in an ellipsis."""
    text = one_line(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Without line breaks and tabs; a box for each character that the font lacks."""
    glyphs = _glyphs()
    return "".join(each if ord(each) in glyphs else _ABSENT for each in " ".join(text.split()))


def is_legible(text: str) -> bool:
    """Whether the font has most of the characters; no characters are not legible."""
    shown = one_line(text)
    return 2 * shown.count(_ABSENT) < len(shown)


def short_labels(labels: Sequence[str], most: int) -> dict[str, str]:
    """Every label at most ``most`` characters long, and no two alike.

    They are cut at the end; where two would be alike, in the middle; else what they begin with alike is left
    out; and at worst they are numbered.
    """
    known = list(dict.fromkeys(labels))
    ways: tuple[Callable[[str], str], ...] = (
        lambda label: shorten(label, most),
        lambda label: _middle_cut(one_line(label), most),
        lambda label: _middle_cut(_without_beginning(label, known, most), most),
    )
    for way in ways:
        shown = {label: way(label) for label in known}
        if len(set(shown.values())) == len(shown):
            return shown
    return {
        label: shorten(label, most) if len(label) <= most else _numbered(label, place, most)
        for place, label in enumerate(known, 1)
    }


def _numbered(label: str, place: int, most: int) -> str:
    number = f" ({place})"
    return shorten(label, most - len(number)) + number


def _middle_cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = 2 * (most - 1) // 3  # what tells settings apart stands at the end more often
    return text[: most - 1 - tail].rstrip() + "…" + text[len(text) - tail :].lstrip()


def _without_beginning(label: str, labels: Sequence[str], most: int) -> str:
    """The label without what all that are too long have at their beginning."""
    if len(label) <= most:
        return one_line(label)
    columns = zip(*(each for each in labels if len(each) > most), strict=False)
    alike = len(list(takewhile(lambda signs: len(set(signs)) == 1, columns)))
    return one_line(f"…{label[alike:]}")


def width_of(text: str, size: float) -> float:
    """The width of the text set in ``size`` points, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0])


@lru_cache
def _glyphs() -> frozenset[int]:
    """The code points that the font has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(FONT)).get_charmap())
