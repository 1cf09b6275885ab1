"""DuckDB as every part of the preparation opens it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

MEMORY_LIMIT = "2GB"  # of the database; beyond it, it goes on in a folder


def quoted_name(name: str) -> str:
    """A name (a column's, a table's) as SQL writes it, in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as SQL writes it, in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def open_database(spill: Path | None, threads: int = 1) -> duckdb.DuckDBPyConnection:
    """A database in memory.

    Args:
        spill: a folder for what exceeds `MEMORY_LIMIT`; None: nothing may.
        threads: of its queries.
    """
    config: dict[str, Any] = {"threads": threads, "memory_limit": MEMORY_LIMIT}
    database = duckdb.connect(":memory:", config=config | ({"temp_directory": str(spill)} if spill else {}))
    database.execute("set enable_progress_bar = false")  # it would write to the standard output
    return database
