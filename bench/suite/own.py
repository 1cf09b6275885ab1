"""Models outside bench, ``module:Class``: found on the import path without running their code."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def is_own(name: str) -> bool:
    """Whether ``name`` has the form ``module:Class``."""
    return _NAME.fullmatch(name) is not None


def complaint(name: str) -> tuple[str, str] | None:
    """Why ``name`` cannot be a model outside bench, with a remedy; None if it can be.

    Only the places of the modules are looked up: no package is imported. Whether the module holds the class
    is seen when the model is built.
    """
    if not is_own(name):
        return (
            f"model {name!r} is a path or a relative module",
            "write an importable `package.module:Class`, with the package installed",
        )
    module = name.partition(":")[0]
    missing = _missing(module)
    if missing is not None:
        return (
            f"model {name!r}: no module {missing!r} can be found",
            "install its package, or start bench in its folder",
        )
    return None


def source_hash(name: str) -> str:
    """SHA-256 (16 hexadecimal digits) of the code behind ``module:Class``, which has no version of its own.

    It covers every Python file of the package that the module lies in (with or without ``__init__.py``), or
    of the folder of a single-file module, whose neighbours it may import: an edited model never gets the
    results of its former self.
    """
    digest = hashlib.sha256()
    for folder, file in _sources(_find([name.partition(".")[0].partition(":")[0]])):
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _sources(spec: ModuleSpec | None) -> list[tuple[Path, Path]]:
    """Folder and file of all code that a top-level module or package may consist of, sorted."""
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        folders = sorted(Path(place) for place in spec.submodule_search_locations)
        return [(folder, file) for folder in folders for file in sorted(folder.rglob("*.py"))]
    folder = Path(spec.origin).parent if spec.origin is not None else Path()
    return [(folder, file) for file in sorted(folder.glob("*.py"))]


def _missing(module: str) -> str | None:
    """The first part of the dotted name that does not exist; None if all do."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        if _find(parts[:end]) is None:
            return ".".join(parts[:end])
    return None


def _find(parts: list[str]) -> ModuleSpec | None:
    """Where a module lies, without importing any package."""
    try:
        spec: ModuleSpec | None = importlib.util.find_spec(parts[0])
    except ValueError:  # a running module without a spec, such as __main__
        return None
    for end in range(2, len(parts) + 1):
        # util.find_spec would import the parent package; the finder only looks into its folders.
        folders = None if spec is None else spec.submodule_search_locations
        spec = None if folders is None else PathFinder.find_spec(".".join(parts[:end]), list(folders))
    return spec
