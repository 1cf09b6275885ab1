"""Tables of words and numbers in blocks, for reading; each format has a module of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A cell of which more is to be said than its text.

    Attributes:
        text: a number or words.
        marks: signs after it that a note explains; numbers stay in line beside them.
        strong: it stands out among the others.
        quiet: it stands back behind them.
    """

    text: str
    marks: str = ""
    strong: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Blocks:
    """A table as text.

    Attributes:
        columns: the heads of the columns.
        left: those of them that are set flush left.
        blocks: what the rows share, in words -> rows, each with a cell per column.
        notes: lines below.
        wide: columns of sentences, which LaTeX breaks into lines.
        apart: LaTeX sets a `tabular` per block, for tables longer than a page.
        matrix: the columns after the first are all of one kind and their heads names (of metrics or
            variants): they are shown as written, and what does not fit beside the others goes below them.
    """

    columns: tuple[str, ...]
    left: tuple[str, ...]
    blocks: Mapping[str, Sequence[Sequence[str | Cell]]]
    notes: tuple[str, ...]
    wide: tuple[str, ...] = ()
    apart: bool = False
    matrix: bool = False

    def heads(self) -> tuple[str, ...]:
        """The heads as print has them: words begin with a capital; names, units and p are as they are."""
        return tuple(
            head if len(head) == 1 or (self.matrix and place > 0) else head[:1].upper() + head[1:]
            for place, head in enumerate(self.columns)
        )

    def is_left(self, place: int) -> bool:
        """Whether a column is set flush left."""
        return place == 0 if self.matrix else self.columns[place] in self.left

    def classes(self, place: int) -> str:
        """What a page has to know of a column: ``left`` is one of words, ``wide`` one of sentences."""
        wide = not self.matrix and self.columns[place] in self.wide
        return " ".join([*(["left"] if self.is_left(place) else []), *(["wide"] if wide else [])])

    def pieces(self, widths: Sequence[int], room: int) -> list[list[int]]:
        """The columns by place, all together; those of a matrix in as many tables as fit, the first in each.

        Args:
            widths: of the columns, with what separates them.
            room: that a table has, in the same unit.
        """
        if not self.matrix:
            return [list(range(len(widths)))]
        found, taken = [[0]], widths[0]
        for place in range(1, len(widths)):
            if len(found[-1]) > 1 and taken + widths[place] > room:
                found.append([0])
                taken = widths[0]
            found[-1].append(place)
            taken += widths[place]
        return found


def as_cell(cell: str | Cell) -> Cell:
    """A cell of which there is no more to say is its text."""
    return Cell(cell) if isinstance(cell, str) else cell
