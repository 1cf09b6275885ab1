"""A figure on a page, with its numbers and with words for those who do not see it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.analysis.formats.rendering import to_csv
from bench.errors import BenchError
from bench.figures import style
from bench.wording import listed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ReportFigure:
    """One figure.

    Attributes:
        title: of its section.
        caption: how to read it.
        alternative: what it shows, for those who do not see it.
        image: SVG as a data address; empty where it could not be drawn.
        table: its numbers, CSV as a data address.
        file: the name under which these are saved.
        reason: why it could not be drawn.
    """

    title: str
    caption: str = ""
    alternative: str = ""
    image: str = ""
    table: str = ""
    file: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """How a figure comes to be.

    Attributes:
        name: of its file of numbers.
        title: of its section.
        shows: what is to be seen, without a verb.
        caption: how to read it.
        rows: its numbers; raises BenchError where they cannot be had.
        row: the class of these.
        draw: the figure of them; there is one row at least.
        empty: why there is no row, where there is none.
    """

    name: str
    title: str
    shows: str
    caption: str
    rows: Callable[[], Sequence[DataclassInstance]]
    row: type[DataclassInstance]
    draw: Callable[[Any], Figure]
    empty: str = "these runs have nothing of it"


def drawn(plan: Plan) -> ReportFigure:
    """The figure, or the reason why there is none."""
    found = ReportFigure(plan.title, plan.caption)
    try:
        rows = plan.rows()
        if not rows:
            return replace(found, reason=ended(plan.empty))
        with style.look():
            image = style.svg_of(plan.draw(rows))
    except BenchError as error:
        return replace(found, reason=ended(str(error)))
    return replace(
        found,
        alternative=f"{_subject(plan.shows, rows)}. The numbers are in the file below the figure.",
        image=_address("image/svg+xml", image),
        table=_address("text/csv", to_csv(rows, plan.row)),
        file=f"{plan.name}.csv",
    )


def ended(sentence: str) -> str:
    """With a full stop."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _subject(shows: str, rows: Sequence[DataclassInstance]) -> str:
    """What the rows are of: whoever has none is not in the figure."""
    parts = [shows]
    for word, fields in (
        (", of ", ("variant",)),
        (" beside ", ("baseline",)),
        (" on ", ("dataset",)),
        (", in ", ("metric", "monitor")),
    ):
        names = dict.fromkeys(getattr(row, field) for row in rows for field in fields if hasattr(row, field))
        if names:
            parts.append(f"{word}{listed(list(names))}")
    return "".join(parts)


def _address(kind: str, text: str) -> str:
    """The text itself as an address, so that the page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"
