"""Tables as one HTML page that needs nothing else: no script, no network, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.analysis.formats.blocks import Blocks, as_cell


def html_page(title: str, tables: Sequence[Blocks]) -> str:
    """A page with a table per block, each with its caption, and the notes as lists."""
    environment = Environment(
        loader=PackageLoader("bench.analysis.formats"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = as_cell
    return environment.get_template("tables.html").render(title=title, tables=tables)
