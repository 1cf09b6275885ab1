"""Tables on a terminal, by rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.analysis.formats.blocks import Blocks, Cell, as_cell

_NARROWEST = 8  # of the first column where the others do not wrap
_BETWEEN = 3  # a column has a space on either side and a line after it; the table one line before all


def blocks_to_rich(table: Blocks, width: int) -> RenderableType:
    """A table per block, at most ``width`` characters wide.

    Texts of the first column wrap where need be, then all. Columns of a matrix never do: those that do not
    fit stand in further tables below.
    """
    parts: list[RenderableType] = []
    for shared, rows in table.blocks.items():
        parts.append(Text(shared, style="bold"))
        columns = [
            _aligned([as_cell(row[place]) for row in rows], padded=table.matrix)
            for place in range(len(table.columns))
        ]
        widths = [_width(head, cells) for head, cells in zip(table.columns, columns, strict=True)]
        for chosen in table.pieces([each + _BETWEEN for each in widths], width - 1):
            parts.append(_piece(table, columns, widths, chosen, width))
    return Group(*parts, *(Text(note, style="dim") for note in table.notes))


def _aligned(column: Sequence[Cell], padded: bool) -> list[Text]:
    # Text throughout: a label like toyshop[image=1] would otherwise be read as markup.
    room = max((len(cell.marks) for cell in column), default=0) if padded else 0
    return [
        Text.assemble(
            (cell.text, "bold" if cell.strong else "dim" if cell.quiet else ""), cell.marks.ljust(room)
        )
        for cell in column
    ]


def _piece(
    table: Blocks, columns: Sequence[Sequence[Text]], widths: Sequence[int], chosen: Sequence[int], width: int
) -> Table:
    room = width - 1 - _BETWEEN - sum(widths[place] + _BETWEEN for place in chosen[1:])
    piece = Table()
    for place in chosen:
        piece.add_column(
            Text(table.columns[place]),
            justify="left" if table.is_left(place) else "right",
            overflow="fold",
            no_wrap=place > 0 and room >= _NARROWEST,
        )
    for row in zip(*(columns[place] for place in chosen), strict=True):
        piece.add_row(*row)
    return piece


def _width(head: str, cells: Sequence[Text]) -> int:
    return max(cell_len(head), *(cell.cell_len for cell in cells), 0)
