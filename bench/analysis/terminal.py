"""Tables on a terminal, by rich."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.analysis.blocks import Blocks, Cell, as_cell

_NARROWEST = 8  # of the first column where the others do not wrap


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
        for chosen in _pieces(table, columns, width):
            parts.append(_piece(table, columns, chosen, width))
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


def _pieces(table: Blocks, columns: Sequence[Sequence[Text]], width: int) -> Iterator[list[int]]:
    """The columns of each table, by place; the first stands in all."""
    if not table.matrix:
        yield list(range(len(columns)))
        return
    widths = [_width(head, cells) for head, cells in zip(table.columns, columns, strict=True)]
    chosen = [0]
    for place in range(1, len(columns)):
        if len(chosen) > 1 and _drawn([widths[each] for each in (*chosen, place)]) > width:
            yield chosen
            chosen = [0]
        chosen.append(place)
    yield chosen


def _piece(table: Blocks, columns: Sequence[Sequence[Text]], chosen: Sequence[int], width: int) -> Table:
    widths = [_width(table.columns[place], columns[place]) for place in chosen]
    room = width - _drawn([0, *widths[1:]])
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


def _drawn(widths: Sequence[int]) -> int:
    """Of a table with columns of these widths: each has a space on either side and a line after it."""
    return sum(widths) + 3 * len(widths) + 1
