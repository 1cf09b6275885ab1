"""A table as markdown, CSV, LaTeX, JSON, or on a terminal.

Tables for reading show four decimals and carry notes; CSV and JSON carry every digit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from bench.analysis.tables import TableRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: "\\" + character for character in "&%$#_{}"},
}
_MARKDOWN = frozenset("\\`*_[]<>|~#")


@dataclass(frozen=True)
class Grid:
    """A table for reading: one list of models x metrics per dataset.

    Attributes:
        title: the suite's name.
        metrics: the columns.
        blocks: dataset -> model -> metric -> text of the cell.
        notes: lines below the table.
    """

    title: str
    metrics: tuple[str, ...]
    blocks: dict[str, dict[str, dict[str, str]]]
    notes: tuple[str, ...]


def grid(title: str, rows: Sequence[TableRow], notes: Sequence[str]) -> Grid:
    """Arrange rows for reading."""
    blocks: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        blocks.setdefault(row.dataset, {}).setdefault(row.model, {})[row.metric] = _text(row)
    return Grid(title, tuple(dict.fromkeys(row.metric for row in rows)), blocks, tuple(notes))


def _text(row: TableRow) -> str:
    if row.mean is None:
        return f"{row.status}*"
    spread = "" if row.sd is None else f" ± {row.sd:.4f}"
    return f"{row.mean:.4f}{spread}{'' if row.status == 'done' else '*'}"


def to_markdown(table: Grid) -> str:
    """GitHub-flavoured Markdown: a heading and a table per dataset, then the notes."""
    lines = []
    for dataset, models in table.blocks.items():
        lines += [f"**{as_markdown(dataset)}**", "", f"| model | {' | '.join(table.metrics)} |"]
        lines.append("| :-- |" + " --: |" * len(table.metrics))
        for model, cells in models.items():
            values = " | ".join(as_markdown(cells[metric]) for metric in table.metrics)
            lines.append(f"| {as_markdown(model)} | {values} |")
        lines.append("")
    return "\n".join([*lines, *(f"- {as_markdown(note)}" for note in table.notes)]) + "\n"


def to_latex(table: Grid) -> str:
    """A `tabular` for the package booktabs, then the notes in small print."""
    lines = [r"% \usepackage{booktabs}", rf"\begin{{tabular}}{{l{'r' * len(table.metrics)}}}", r"\toprule"]
    lines.append(" & ".join(["Model", *map(as_latex, table.metrics)]) + r" \\")
    for dataset, models in table.blocks.items():
        lines += [r"\midrule", rf"\multicolumn{{{len(table.metrics) + 1}}}{{l}}{{{as_latex(dataset)}}} \\"]
        for model, cells in models.items():
            lines.append(" & ".join([as_latex(model), *(as_latex(cells[m]) for m in table.metrics)]) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}"]
    notes = [rf"\par\noindent{{\footnotesize {as_latex(note)}}}" for note in table.notes]
    return "\n".join([*lines, *notes]) + "\n"


def to_json(rows: Sequence[DataclassInstance]) -> str:
    """A list of objects, one per row."""
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n"


def to_csv(rows: Sequence[DataclassInstance], kind: type[DataclassInstance] = TableRow) -> str:
    """One line per row, all of one ``kind``; lists are joined with semicolons, mappings as ``key=value``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(field.name for field in fields(kind))
    for row in rows:
        writer.writerow(_flat(getattr(row, field.name)) for field in fields(kind))
    return buffer.getvalue()


def _flat(value: object) -> object:
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, dict):
        return ";".join(f"{key}={item}" for key, item in value.items())
    return value


def to_rich(table: Grid, console: Console) -> RenderableType:
    """A table per dataset; metrics that do not fit the console's width go below, never cut off."""
    parts: list[RenderableType] = []
    unlimited = console.options.update_width(10_000)  # a measure is otherwise clamped to the console
    for dataset, models in table.blocks.items():
        blocks: list[Table] = []
        columns: tuple[str, ...] = ()
        for metric in table.metrics:
            wider = _rich_block(models, (*columns, metric))
            if blocks and Measurement.get(console, unlimited, wider).maximum <= console.width:
                columns, blocks[-1] = (*columns, metric), wider
            else:
                columns = (metric,)
                blocks.append(_rich_block(models, columns))
        parts += [Text(dataset, style="bold"), *blocks]
    notes = [Text(note, style="dim") for note in table.notes]
    return Group(*parts, *notes)


def _rich_block(models: dict[str, dict[str, str]], metrics: tuple[str, ...]) -> Table:
    # Text throughout: a label like toyshop[image=1] would otherwise be read as markup.
    block = Table()
    block.add_column("model", no_wrap=True)
    for metric in metrics:
        block.add_column(Text(metric), justify="right", no_wrap=True)
    for model, cells in models.items():
        block.add_row(Text(model), *(Text(cells[metric]) for metric in metrics))
    return block


def as_markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + c if c in _MARKDOWN else c for c in text)


def as_latex(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_LATEX.get(c, c) for c in text)
