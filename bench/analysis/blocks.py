"""Tables of words and numbers in blocks: on a terminal, as markdown, as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.analysis.rendering import as_latex, as_markdown

_NARROWEST = 8  # of the first column where the others do not wrap


@dataclass(frozen=True)
class Blocks:
    """A table as text.

    Attributes:
        columns: the heads of the columns.
        left: those of them that are set flush left.
        blocks: what the rows share, in words -> rows, each with a text per column.
        notes: lines below.
        wide: columns of sentences, which LaTeX breaks into lines.
        apart: LaTeX sets a `tabular` per block, for tables longer than a page.
    """

    columns: tuple[str, ...]
    left: tuple[str, ...]
    blocks: dict[str, list[tuple[str, ...]]]
    notes: tuple[str, ...]
    wide: tuple[str, ...] = ()
    apart: bool = False


def blocks_to_markdown(table: Blocks) -> str:
    """GitHub-flavoured Markdown: a heading and a table per block, then the notes."""
    lines: list[str] = []
    for shared, rows in table.blocks.items():
        lines += [f"**{as_markdown(shared)}**", "", f"| {' | '.join(table.columns)} |"]
        lines.append(
            f"| {' | '.join(':--' if column in table.left else '--:' for column in table.columns)} |"
        )
        lines += [f"| {' | '.join(map(as_markdown, row))} |" for row in rows]
        lines.append("")
    return "\n".join([*lines, *(f"- {as_markdown(note)}" for note in table.notes)]) + "\n"


def blocks_to_latex(table: Blocks) -> str:
    """One `tabular` for the package booktabs, or one per block, then the notes in small print."""
    notes = [rf"\par\noindent{{\footnotesize {as_latex(note)}}}" for note in table.notes]
    if not table.blocks:
        return "\n".join(notes) + "\n"
    groups = [{shared: rows} for shared, rows in table.blocks.items()] if table.apart else [table.blocks]
    lines = [r"% \usepackage{booktabs}"]
    for group in groups:
        lines += [*_tabular(table, group), *([r"\par\medskip"] if table.apart else [])]
    return "\n".join([*lines, *notes]) + "\n"


def _tabular(table: Blocks, blocks: dict[str, list[tuple[str, ...]]]) -> list[str]:
    broken = rf"p{{{0.6 / max(1, len(table.wide)):.2f}\linewidth}}"
    form = "".join(
        broken if column in table.wide else "l" if column in table.left else "r" for column in table.columns
    )
    lines = [rf"\begin{{tabular}}{{{form}}}", r"\toprule"]
    # A single letter is a symbol: p.
    heads = (column if len(column) == 1 else column.capitalize() for column in table.columns)
    lines.append(" & ".join(map(as_latex, heads)) + r" \\")
    for shared, rows in blocks.items():
        lines += [r"\midrule", rf"\multicolumn{{{len(table.columns)}}}{{l}}{{{as_latex(shared)}}} \\"]
        lines += [" & ".join(_latex_row(table, row)) + r" \\" for row in rows]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _latex_row(table: Blocks, row: Sequence[str]) -> list[str]:
    """Escaped texts, with signs of numbers as signs instead of hyphens."""
    return [
        as_latex(text) if column in table.left else re.sub(r"[+-](?=\d)", r"$\g<0>$", as_latex(text))
        for column, text in zip(table.columns, row, strict=True)
    ]


def blocks_to_rich(table: Blocks, width: int) -> RenderableType:
    """A table per block, at most ``width`` characters wide: texts of the first column wrap, then all."""
    parts: list[RenderableType] = []
    for shared, rows in table.blocks.items():
        longest = [max(map(len, column)) for column in zip(table.columns, *rows, strict=True)]
        room = width - sum(longest[1:]) - 3 * len(longest) - 1
        # Text throughout: a label like toyshop[image=1] would otherwise be read as markup.
        block = Table()
        for place, column in enumerate(table.columns):
            block.add_column(
                Text(column),
                justify="left" if column in table.left else "right",
                overflow="fold",
                no_wrap=place > 0 and room >= _NARROWEST,
            )
        for row in rows:
            block.add_row(*map(Text, row))
        parts += [Text(shared, style="bold"), block]
    return Group(*parts, *(Text(note, style="dim") for note in table.notes))
