"""Tables as one HTML page that needs nothing else: no script, no network, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from bench.analysis.formats.blocks import Blocks, as_cell


def environment(*packages: str) -> Environment:
    """Templates of this package and of ``packages``, which come first; every text is escaped."""
    folders = [*packages, "bench.analysis.formats"]
    made = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["cell"] = as_cell
    return made


def html_page(title: str, tables: Sequence[Blocks]) -> str:
    """A page with a table per block, each with its caption, and the notes as lists."""
    return environment().get_template("tables.html").render(title=title, tables=tables)
