"""The figures of a report, each with its numbers and with words for those who do not see it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.analysis.formats.rendering import to_csv
from bench.errors import BenchError
from bench.figures import style
from bench.figures.kinds import KINDS, FigureKind, Subject
from bench.wording import listed


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
    caption: str
    alternative: str
    image: str = ""
    table: str = ""
    file: str = ""
    reason: str = ""


def report_figures(subject: Subject) -> Iterator[ReportFigure]:
    """Every figure that the runs allow; of the others, why they do not."""
    for name, kind in KINDS.items():
        # In bins of the users one metric is enough for a page.
        shown = replace(subject, metrics=subject.metrics[:1]) if name == "lengths" else subject
        yield _figure(name, kind, shown)


def _figure(name: str, kind: FigureKind, subject: Subject) -> ReportFigure:
    datasets = listed(list(dict.fromkeys(cell.dataset for cell in subject.cells)))
    models = listed(list(dict.fromkeys(cell.model for cell in subject.cells)))
    alternative = f"{kind.shows}, of {models} on {datasets}. The numbers are in the file below the figure."
    found = ReportFigure(kind.title, kind.caption, alternative)
    try:
        rows = kind.rows(subject)
    except BenchError as error:
        return replace(found, reason=str(error))
    if not rows:
        return replace(found, reason="these runs have nothing of it.")
    with style.look():
        image = style.svg_of(kind.draw(rows))
    return replace(
        found,
        image=_address("image/svg+xml", image),
        table=_address("text/csv", to_csv(rows, kind.row)),
        file=f"{name}.csv",
    )


def _address(kind: str, text: str) -> str:
    """The text itself as an address, so that the page needs no other file."""
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode()}"
