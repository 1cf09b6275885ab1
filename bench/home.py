"""Bench's home on this machine: prepared datasets, downloads, features, the user's recipes."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

HOME = "BENCH_HOME"


def home_folder(home: Path | None = None) -> Path:
    """The home: the argument, else $BENCH_HOME, else ``bench`` in the platform's cache folder."""
    if home is not None:
        return home
    if named := os.environ.get(HOME):
        return Path(named).expanduser()
    return user_cache_path("bench", appauthor=False)
