"""A suite's numbers arranged for reading: variants x metrics, or turned, as papers have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bench.analysis.beside import BesideRow
from bench.analysis.formats.blocks import Blocks, Cell
from bench.analysis.numbers import mean_text, percent_text
from bench.analysis.tables import TableRow

Layout = Literal["models", "paper"]


def arranged(rows: Sequence[TableRow], notes: Sequence[str], layout: Layout = "models") -> Blocks:
    """A block per dataset: variants x metrics (``models``) or metrics x variants (``paper``).

    A row with published values stands below each that has any.
    """
    turned = layout == "paper"
    found: dict[str, dict[str, dict[str, TableRow]]] = {}
    for row in rows:
        line, column = (row.metric, row.model) if turned else (row.model, row.metric)
        found.setdefault(row.dataset, {}).setdefault(line, {})[column] = row
    columns = tuple(dict.fromkeys(row.model if turned else row.metric for row in rows))
    blocks: dict[str, list[tuple[str | Cell, ...]]] = {
        dataset: [
            each for label, cells in lines.items() for each in _lines(label, [cells.get(c) for c in columns])
        ]
        for dataset, lines in found.items()
    }
    return Blocks(("metric" if turned else "model", *columns), (), blocks, tuple(notes), matrix=True)


def _lines(label: str, cells: Sequence[TableRow | None]) -> list[tuple[str | Cell, ...]]:
    lines: list[tuple[str | Cell, ...]] = [(label, *("" if row is None else _cell(row) for row in cells))]
    if any(isinstance(row, BesideRow) and row.published is not None for row in cells):
        lines.append((Cell(f"{label}, published", quiet=True), *map(_published, cells)))
    return lines


def _cell(row: TableRow) -> Cell:
    if row.mean is None:
        return Cell(row.status, "*")
    spread = "" if row.sd is None else f" ± {row.sd:.4f}"
    marks = ("*" if row.status != "done" else "") + ("†" if row.rank_group else "")
    return Cell(f"{mean_text(row.mean)}{spread}", marks, strong=row.rank_group == "best")


def _published(row: TableRow | None) -> str | Cell:
    if not isinstance(row, BesideRow) or row.published is None:
        return ""
    ours = "" if row.deviation is None else f" ({percent_text(row.deviation)}%)"
    return Cell(f"{mean_text(row.published)}{ours}", quiet=True)
