"""Times as text, tables and JSON."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import caption, machine

WIDTH = 180


def parser(program: str, about: str | None) -> argparse.ArgumentParser:
    """The options that every program has."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=about)
    made.add_argument("--quick", action="store_true", help="one repetition, no warm-up")
    made.add_argument("--threads", type=int, default=os.cpu_count(), help="of torch (default: cores)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write every time to this file")
    return made


def require_recbole(options: argparse.ArgumentParser) -> None:
    """End the program with a sentence where RecBole is absent."""
    if importlib.util.find_spec("recbole") is None:
        options.error("RecBole is not installed (it needs Python 3.11): there is nothing to compare with")


def note(text: str) -> None:
    """Say at once what has just been measured."""
    Console(stderr=True).print(f"[dim]{text}[/]", highlight=False)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Median, with the smallest and the largest where there are several; nothing of nothing."""
    if not values:
        return ""
    text = f"{statistics.median(values):.{digits}g}"
    if len(values) == 1:
        return text
    return f"{text} [{min(values):.{digits}g}, {max(values):.{digits}g}]"


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> None:
    """Print a table; the first ``texts`` columns are words, the others numbers."""
    table = Table(title=f"{title}: {caption()}")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < texts else "right")
    for row in rows:
        table.add_row(*row)
    here = Console()
    # A file has no width of its own, and cut-off columns are of no use in it.
    (here if here.is_terminal else Console(width=WIDTH)).print(table)


def write(file: Path | None, records: Sequence[dict[str, Any]]) -> None:
    """Write records, each with the machine, as JSON."""
    if file is not None:
        text = json.dumps([{**record, "machine": machine()} for record in records], indent=1)
        file.write_text(text + "\n", encoding="utf-8")
