"""Tables as GitHub-flavoured Markdown."""

from __future__ import annotations

from bench.analysis.formats.blocks import Blocks, Cell, as_cell

_SPECIAL = frozenset("\\`*_[]<>|~#&")


def blocks_to_markdown(table: Blocks) -> str:
    """A heading and a table per block, then the notes."""
    lines: list[str] = []
    rule = " | ".join(":--" if table.is_left(place) else "--:" for place in range(len(table.columns)))
    for shared, rows in table.blocks.items():
        lines += [f"**{as_markdown(shared)}**", "", f"| {' | '.join(map(as_markdown, table.columns))} |"]
        lines.append(f"| {rule} |")
        lines += [f"| {' | '.join(_cell(as_cell(each)) for each in row)} |" for row in rows]
        lines.append("")
    return "\n".join([*lines, *(f"- {as_markdown(note)}" for note in table.notes)]) + "\n"


def _cell(cell: Cell) -> str:
    text = as_markdown(cell.text)
    return (f"**{text}**" if cell.strong else text) + as_markdown(cell.marks)


def as_markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + c if c in _SPECIAL else c for c in text)
