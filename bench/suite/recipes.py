"""Datasets with a name of their own: a source with its options, in a file ``NAME.yaml``.

Those of the package lie beside this module, those that the user added in ``recipes`` in bench's home.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from bench.errors import InputError
from bench.home import home_folder
from bench.registry import DATASETS, DatasetEntry, Modality, load
from bench.suite.dataset_settings import CutSettings, DatasetSettings
from bench.suite.problems import Problems
from bench.suite.reader import read_document
from bench.suite.settings import Settings

_PACKAGED = Path(__file__).with_name("recipes")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Recipe(Settings):
    """A source with its options.

    Attributes:
        about: one line for lists.
        source: a dataset of the registry.
        modalities: which contents its items have.
        options: of the source, its file names among them.
        urls: where each file can be fetched.
        checksums: of files whose publisher gives one, as in ``md5:...``.
        published: sizes that a paper gives for it, by name.
    """

    about: str
    source: str
    modalities: tuple[Modality, ...]
    options: dict[str, Any]
    urls: dict[str, str] = Field(default_factory=dict)
    checksums: dict[str, str] = Field(default_factory=dict)
    published: dict[str, int | float] = Field(default_factory=dict)


def recipe_names() -> list[str]:
    """The names of all recipes."""
    return sorted(file.stem for folder in (_PACKAGED, _added()) for file in folder.glob("*.yaml"))


def find_recipe(name: str) -> Recipe | None:
    """The recipe of this name, if there is one."""
    for folder in (_PACKAGED, _added()):
        file = folder / f"{name}.yaml"
        if _NAME.fullmatch(name) and file.is_file():
            return _read(file, file.stat().st_mtime_ns)
    return None


def add_recipe(name: str, recipe: Mapping[str, Any]) -> Path:
    """Write a recipe of the user's; the file it lies in.

    Raises:
        InputError: the name is taken or cannot be one, or the recipe is wrong.
    """
    require_free(name)
    file = _added() / f"{name}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(written(recipe), encoding="utf-8")
    try:
        read_recipe(partial)
    except InputError:
        partial.unlink()
        raise
    partial.replace(file)
    return file


def require_free(name: str) -> None:
    """Require that a dataset of the user's can have this name.

    Raises:
        InputError: the name is taken or cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name for a dataset",
            remedy="letters, digits, dots, hyphens and underscores make one",
        )
    if (_added() / f"{name}.yaml").is_file():
        raise InputError(
            f"there is a dataset {name!r} already", remedy=f"bench data remove {name}, or another name"
        )
    if name in dataset_names():
        raise InputError(f"{name!r} is a dataset of bench's own", remedy="choose another name")


def remove_recipe(name: str) -> bool:
    """Remove a recipe of the user's; whether there was one."""
    file = _added() / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not file.is_file():
        return False
    file.unlink()
    return True


def written(recipe: Mapping[str, Any]) -> str:
    """A recipe as its file has it."""
    return yaml.safe_dump(dict(recipe), sort_keys=False, allow_unicode=True, width=100)


def _added() -> Path:
    return home_folder() / "recipes"


@lru_cache(maxsize=64)
def _read(file: Path, modified_ns: int) -> Recipe:
    return read_recipe(file)


def read_recipe(file: Path) -> Recipe:
    """Read a recipe.

    Raises:
        InputError: it is no YAML, a key or an option is wrong, or there is no such source.
    """
    document = read_document(file)
    problems = Problems(document)
    recipe = problems.validate(Recipe, document.data, ())
    if recipe is not None and recipe.source not in DATASETS:
        problems.add(("source",), f"no source {recipe.source!r}", f"one of {', '.join(DATASETS)}")
    elif recipe is not None:
        problems.validate(load(DATASETS[recipe.source].settings), recipe.options, ("options",))
    problems.raise_any()
    assert recipe is not None
    return recipe


def dataset_names() -> list[str]:
    """What a suite can name: the registry's datasets, and the recipes."""
    return [*DATASETS, *recipe_names()]


def dataset_entry(name: str) -> DatasetEntry | None:
    """A dataset of the registry, or a recipe as one whose options are those of a cut."""
    recipe = find_recipe(name)
    if recipe is None:
        return DATASETS.get(name)
    source = DATASETS[recipe.source]
    return DatasetEntry(
        path=source.path,
        settings=f"{CutSettings.__module__}:{CutSettings.__qualname__}",
        about=recipe.about,
        version=source.version,
        modalities=recipe.modalities,
    )


def dataset_settings(name: str, options: Mapping[str, Any]) -> DatasetSettings:
    """The settings of a dataset's source: a recipe's options, then the given ones.

    Raises:
        InputError: there is no such dataset.
        ValueError: an option is wrong (pydantic's ValidationError).
    """
    recipe = find_recipe(name)
    entry = DATASETS.get(name if recipe is None else recipe.source)
    if entry is None:
        raise InputError(f"there is no dataset {name!r}")
    kind: type[DatasetSettings] = load(entry.settings)
    given = recipe.options if recipe is not None else {}
    return kind(**(given | dict(options)))
