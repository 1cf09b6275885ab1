"""Paths that a suite or a dataset names: relative, and never out of the folder they are relative to."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any


def leaves_folder(name: str) -> bool:
    """Whether a path, written with ``/``, is absolute, goes up, or means something else on some system."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or any(sign in name for sign in "\\:\0")


def check_inside(name: str) -> str:
    """The path itself.

    Raises:
        ValueError: it is empty or leaves the folder.
    """
    if not name or leaves_folder(name):
        raise ValueError(f"{name!r} is no path inside the data folder: write it as in folder/file.txt")
    return name


def portable(value: Any) -> Any:
    """A path on this machine by its last part; what is no text, or is a relative name, as it is.

    Results are read, and runs are found again, where the same file lies elsewhere.
    """
    if isinstance(value, str) and value.startswith(("/", "~", ".")):
        return value.rstrip("/").rpartition("/")[2]
    return value
