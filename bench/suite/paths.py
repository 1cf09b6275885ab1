"""Paths that a suite or a dataset names: relative, and never out of the folder they are relative to."""

from __future__ import annotations

from pathlib import PurePosixPath


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
