"""Rows with every digit, as CSV or JSON; tables for reading, in any of their formats."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Literal, get_args

from bench.analysis.formats.blocks import Blocks
from bench.analysis.formats.latex import blocks_to_latex, latex_document
from bench.analysis.formats.markdown import blocks_to_markdown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TextFormat = Literal["markdown", "latex", "latex-standalone", "html"]
TEXT_FORMATS: tuple[TextFormat, ...] = get_args(TextFormat)


def to_text(title: str, tables: Sequence[Blocks], format: TextFormat) -> str:
    """Tables one below the other, each with its notes; four decimals.

    Args:
        title: of the page or document; the other formats are pieces of one.
        tables: in their order.
        format: `latex` is a piece for a document with the package booktabs, `latex-standalone` a document.
    """
    if format == "html":
        # The one format that needs jinja2, whose import takes longer than most tables.
        from bench.analysis.formats.page import html_page

        return html_page(title, tables)
    if format == "latex-standalone":
        return latex_document(title, tables)
    piece = blocks_to_markdown if format == "markdown" else blocks_to_latex
    return "\n".join(piece(table) for table in tables)


def to_json(rows: Sequence[DataclassInstance]) -> str:
    """A list of objects, one per row."""
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n"


def to_csv(rows: Sequence[DataclassInstance], kind: type[DataclassInstance]) -> str:
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
