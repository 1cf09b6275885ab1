"""Where the files of a recipe lie on this machine: a folder that the user named, else bench's downloads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.data.download import downloaded, fetch
from bench.data.hashing import file_hash
from bench.data.sources.base import Progress, file_inside
from bench.errors import DataError, InputError
from bench.home import home_folder
from bench.suite.recipes import Recipe


def require_files(folder: Path, recipe: Recipe, files: tuple[str, ...]) -> None:
    """Require that the files of a recipe lie in a folder that the user names.

    Raises:
        InputError: one of them does not.
    """
    for file in files:
        if not (folder / file).is_file():
            raise InputError(
                f"there is no file {file!r} in {folder.resolve()}", file="--from", remedy=_where(recipe, file)
            )


def remember(name: str, folder: Path, home: Path | None = None) -> None:
    """Keep in mind that the files of recipe ``name`` lie in ``folder``."""
    if _read(name, home).get("folder") != str(folder.resolve()):
        _write(name, {"folder": str(folder.resolve())}, home)


def forget(name: str, home: Path | None = None) -> None:
    """Keep no longer in mind where the files of recipe ``name`` lie."""
    _file(name, home).unlink(missing_ok=True)


def recipe_file(
    name: str, recipe: Recipe, file: str, home: Path | None = None, progress: Progress | None = None
) -> Path:
    """A file of the recipe: from the folder that the user named, else from the home, else downloaded now.

    Raises:
        DataError: it cannot be had.
    """
    found = _in_named_folder(name, file, home)
    if found is not None:
        return found
    remedy = f"name the folder where it lies: bench data prepare {name} --from FOLDER"
    if file not in recipe.urls:
        raise DataError(f"{name} is made from {file}, which is not at hand; {remedy}")
    try:
        return fetch(recipe.urls[file], recipe.checksums.get(file), home, progress)
    except DataError as error:
        raise DataError(f"{error}, or {remedy}") from error


def file_at_hand(name: str, recipe: Recipe, file: str, home: Path | None = None) -> Path | None:
    """A file of the recipe where `recipe_file` would not have to download it; None: it would."""
    found = _in_named_folder(name, file, home)
    if found is None and file in recipe.urls:
        return downloaded(recipe.urls[file], home)
    return found


def files_changed(
    name: str, hashes: Mapping[str, str], home: Path | None = None, source_folder: Path | None = None
) -> bool:
    """Whether a file of the recipe is another one than when it had these SHA-256, by name.

    The files are those in ``source_folder``, without one those in the folder that was remembered. A file
    that is no longer there has not changed; one of the same size and time neither, without being read.
    """
    known = _read(name, home)
    folder = known.get("folder")
    if source_folder is not None and str(source_folder.resolve()) != folder:
        return any(file_hash(source_folder / file) != expected for file, expected in hashes.items())
    if folder is None:
        return False
    states: dict[str, list[int]] = known.get("states", {})
    for file, expected in hashes.items():
        path = Path(folder) / file
        if not path.is_file():
            continue
        state = path.stat()
        now = [state.st_size, state.st_mtime_ns]
        if states.get(file) != now:
            if file_hash(path) != expected:
                return True
            states[file] = now
    if states != known.get("states"):
        _write(name, known | {"states": states}, home)
    return False


def _in_named_folder(name: str, file: str, home: Path | None) -> Path | None:
    named = _read(name, home).get("folder")
    found = None if named is None else file_inside(Path(named), file)
    return found if found is not None and found.is_file() else None


def _where(recipe: Recipe, file: str) -> str:
    url = recipe.urls.get(file)
    return f"It can be fetched from {url}" if url else "It is a file of yours"


def _file(name: str, home: Path | None) -> Path:
    return home_folder(home) / "places" / f"{name}.json"


def _read(name: str, home: Path | None) -> dict[str, Any]:
    try:
        found = json.loads(_file(name, home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # it is a memory aid: without it the user is asked again
    return found if isinstance(found, dict) else {}


def _write(name: str, known: Mapping[str, Any], home: Path | None) -> None:
    file = _file(name, home)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    partial.replace(file)
